/**
 * The engine as a service of systemd, whose scopes are its containers' groups. `bun run test:v2 --systemd` gives it a
 * virtual machine with systemd as first process; it changes the host's units, so it runs nowhere else.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow, run as runProgram } from "#base/spawn.ts";
import { WHARF } from "../helpers/daemon.ts";
import { until } from "../helpers/suite.ts";

const ROOT = "/sys/fs/cgroup";
const MEBIBYTE = 1 << 20;
const isInside = process.env.WHARF_VM === "systemd" && existsSync("/run/systemd/system");

describe.skipIf(!isInside)("as a service of systemd", () => {
  const host = async (...argv: string[]) => (await runOrThrow(argv)).stdout.trim();
  const wharf = (...args: string[]) => host(WHARF, ...args);
  const groupOf = async (name: string) => {
    const pid = await wharf("inspect", "-f", "{{.State.Pid}}", name);
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().replace(/^0::/, "");
  };
  const idOf = (name: string) => wharf("inspect", "-f", "{{.Id}}", name);
  const held = async (name: string, file: string) =>
    readFileSync(`${ROOT}${await groupOf(name)}/${file}`, "utf8").trim();
  const property = async (unit: string, name: string) =>
    (await host("systemctl", "show", "-P", name, unit)).trim();
  const scopes = () => host("systemctl", "list-units", "--all", "--plain", "--no-legend", "wharf-*.scope");

  beforeAll(async () => {
    symlinkSync(WHARF, "/usr/local/bin/wharf");
    mkdirSync("/etc/wharf", { recursive: true });
    writeFileSync("/etc/wharf/daemon.json", JSON.stringify({ "exec-opts": ["native.cgroupdriver=systemd"] }));
    const unit = readFileSync(join(import.meta.dir, "../../packaging/systemd/wharf.service"), "utf8");
    writeFileSync("/etc/systemd/system/wharf.service", unit.replace(/^(After|Wants)=.*\n/gm, ""));
    await host("systemctl", "daemon-reload");
    await host("systemctl", "start", "wharf");
    const image = "mkdir -p /tmp/image/bin && cp /bin/busybox /tmp/image/bin/ && tar -C /tmp/image -c .";
    await host("sh", "-c", `${image} | ${WHARF} import -c 'ENV PATH=/bin' - busybox`);
  });
  afterAll(async () => {
    await host("sh", "-c", `${WHARF} ps -aq | xargs -r ${WHARF} rm -f`);
    await host("systemctl", "stop", "wharf");
  });

  test("the engine is up, and says who makes its groups", async () => {
    expect(await host("systemctl", "is-active", "wharf")).toBe("active");
    expect(await wharf("info", "-f", "{{.CgroupDriver}} {{.CgroupVersion}}")).toBe("systemd 2");
  });

  describe.each(["crun", "runc"])("with %s", (runtime) => {
    const start = (name: string, ...args: string[]) =>
      wharf("run", "-d", "--runtime", runtime, "--net", "none", "--name", name, ...args);

    test("a container is a scope with its limits, which live through update and reload", async () => {
      await start("bounded", "-m", "64m", "--pids-limit", "50", "busybox", "busybox", "sleep", "1000");
      const unit = `wharf-${await idOf("bounded")}.scope`;
      expect(await groupOf("bounded")).toBe(`/system.slice/${unit}`);
      await until(
        "systemd's view of the memory",
        () => property(unit, "MemoryMax"),
        (bytes) => bytes === String(64 * MEBIBYTE),
      );
      expect(await wharf("exec", "bounded", "busybox", "echo", "inside")).toBe("inside");
      expect(await wharf("top", "bounded")).toContain("sleep");

      await wharf("update", "-m", "96m", "--memory-swap", "-1", "--cpus", "0.5", "bounded");
      await until(
        "systemd's view of the memory",
        () => property(unit, "MemoryMax"),
        (bytes) => bytes === String(96 * MEBIBYTE),
      );
      await host("systemctl", "daemon-reload");
      expect(await held("bounded", "memory.max")).toBe(String(96 * MEBIBYTE));
      expect(await held("bounded", "cpu.max")).toBe("50000 100000");
      expect(await held("bounded", "pids.max")).toBe("50");

      await wharf("rm", "-f", "bounded");
      await until("scopes", scopes, (names) => !names.includes(unit));
      expect(existsSync(`${ROOT}/system.slice/${unit}`)).toBe(false);
      expect(await host("sh", "-c", "find /run/systemd -name 'wharf-*'")).toBe("");
    });

    test("it starts again, also after it was killed for want of memory", async () => {
      await start("again", "busybox", "busybox", "sleep", "1000");
      await wharf("restart", "-t", "0", "again");
      expect(await groupOf("again")).toEndWith(`wharf-${await idOf("again")}.scope`);
      await wharf("rm", "-f", "again");
      const eat = "busybox dd if=/dev/zero of=/dev/null bs=200M count=1; exit 7";
      const { exitCode } = await runProgram([
        ...[WHARF, "run", "--runtime", runtime, "--net", "none", "--name", "hungry", "-m", "64m"],
        ...["busybox", "busybox", "sh", "-c", eat],
      ]);
      expect(exitCode).toBe(7); // the shell lives: systemd leaves the scope to the engine
      expect(await wharf("inspect", "-f", "{{.State.OOMKilled}}", "hungry")).toBe("true");
      await wharf("start", "-a", "hungry").catch(() => {});
      expect(await wharf("inspect", "-f", "{{.State.ExitCode}}:{{.State.Error}}", "hungry")).toBe("7:");
      await wharf("rm", "hungry");
      await until("scopes", scopes, (names) => names === "");
    });

    test("a slice of the user's own holds all of its containers", async () => {
      await start("shop", "--cgroup-parent", "web-shop.slice", "busybox", "busybox", "sleep", "1000");
      expect(await groupOf("shop")).toStartWith("/web.slice/web-shop.slice/wharf-");
      await wharf("rm", "-f", "shop");
      const { exitCode, stderr } = await runProgram([
        ...[WHARF, "run", "--runtime", runtime, "--cgroup-parent", "/web", "busybox", "busybox", "true"],
      ]);
      expect(exitCode).toBe(125);
      expect(stderr).toContain(
        'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"',
      );
    });

    test("containers outlive the service's restart and its stop", async () => {
      await start("lasting", "busybox", "busybox", "sleep", "1000");
      const pid = await wharf("inspect", "-f", "{{.State.Pid}}", "lasting");
      await host("systemctl", "restart", "wharf");
      expect(await wharf("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "lasting")).toBe(
        `running ${pid}`,
      );
      await host("systemctl", "stop", "wharf");
      expect(existsSync(`/proc/${pid}`)).toBe(true);
      await host("systemctl", "start", "wharf");
      expect(await wharf("exec", "lasting", "busybox", "echo", "here")).toBe("here");
      await wharf("rm", "-f", "lasting");
    });

    test("pause, and an end that nobody saw", async () => {
      await start("still", "busybox", "busybox", "sleep", "1000");
      await wharf("pause", "still");
      expect(await held("still", "cgroup.freeze")).toBe("1");
      await wharf("unpause", "still");
      await host("systemctl", "stop", "wharf");
      await host(
        "kill",
        "-9",
        readFileSync(`${ROOT}/system.slice/wharf-${await lastScopeId()}.scope/cgroup.procs`, "utf8").split(
          "\n",
        )[0]!,
      );
      await host("systemctl", "start", "wharf");
      expect(await wharf("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "still")).toBe(
        "exited 137",
      );
      await wharf("rm", "still");
      await until("scopes", scopes, (names) => names === "");
    });

    const lastScopeId = async () => /wharf-([0-9a-f]{64})\.scope/.exec(await scopes())![1]!;
  });
});
