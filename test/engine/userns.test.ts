/** Containers whose root is an ordinary user of the host: --userns-remap. */
import { describe, expect, test } from "bun:test";
import { release } from "node:os";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

/** Tables of ids of the machine's own, in place of the host's. */
const PREPARE = `
for kind in uid gid; do
  printf 'mapped:150000:70000\\n' >"$1/sub$kind"
  touch /etc/sub$kind
  mount --bind "$1/sub$kind" /etc/sub$kind
done`;
const HOST_ROOT = "150000";

const [major = 0, minor = 0] = release().split(".").map(Number);
/** The machine's files are on a tmpfs, which shows shifted ids from Linux 6.3 on. */
const canShiftTmpfs = major > 6 || (major === 6 && minor >= 3);

describe.skipIf(!canShiftTmpfs)("with remapped users", () => {
  const daemon = useDaemon({ flags: ["--userns-remap", "mapped"], prepare: PREPARE });
  const docker = (...args: string[]) => daemon().docker(...args);
  const text = (...args: string[]) => daemon().dockerText(...args);
  const onHost = async (script: string) =>
    (await daemon().machine.text(["sh", "-c", script, "look", daemon().dataRoot])).trim();

  describe.each(["crun", "runc"])("with %s", (runtime) => {
    const run = (...args: string[]) => text("run", "--rm", "--runtime", runtime, ...args);

    test("root of a container is nobody on the host, and root of its own network", async () => {
      await text(
        "run",
        "-d",
        "--name",
        "mapped",
        "--runtime",
        runtime,
        "--cap-add",
        "NET_ADMIN",
        "busybox",
        "sleep",
        "1000",
      );
      const pid = await text("inspect", "-f", "{{.State.Pid}}", "mapped");
      expect(await onHost(`awk '/^[UG]id:/ {print $2}' /proc/${pid}/status`)).toBe(
        `${HOST_ROOT}\n${HOST_ROOT}`,
      );
      const script =
        "id -u; cat /proc/self/uid_map; ip link set lo mtu 1000 && echo changed; ping -c 1 127.0.0.1 >/dev/null && echo pong";
      const [uid, map, ...words] = (await text("exec", "mapped", "sh", "-c", script)).split("\n");
      expect([uid, map!.trim().split(/\s+/), words]).toEqual([
        "0",
        ["0", HOST_ROOT, "70000"],
        ["changed", "pong"],
      ]);
      expect(await text("exec", "-u", "65534", "mapped", "id", "-u")).toBe("65534");
      await text("rm", "-f", "mapped");
    });

    test("files keep the image's ids, in the container and on disk", async () => {
      const script =
        "stat -c %u:%g / /bin/sh /etc/hosts; echo x >/made; chown 7:8 /made; stat -c %u:%g /made; rm /etc/passwd; cat /etc/hostname";
      await text(
        "run",
        "--name",
        "files",
        "--runtime",
        runtime,
        "-h",
        "inside",
        "busybox",
        "sh",
        "-c",
        script,
      );
      expect(await text("logs", "files")).toBe("0:0\n0:0\n0:0\n7:8\ninside");
      const upper = await text("inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", "files");
      expect(await onHost(`stat -c %u:%g ${upper}/made`)).toBe("7:8");
      expect((await text("diff", "files")).split("\n").sort()).toEqual([
        "A /made",
        "C /etc",
        "D /etc/passwd",
      ]);
      expect(await text("start", "-a", "files")).toContain("7:8");
      await text("rm", "files");
    });

    test("a volume is shared between remapped containers and those with the host's ids", async () => {
      await run("-v", "shared:/data", "busybox", "sh", "-c", "echo x >/data/f && chown 5 /data/f");
      const asHost = ["--userns", "host", "-v", "shared:/data", "busybox"];
      expect(await run(...asHost, "stat", "-c", "%u", "/data/f")).toBe("5");
      await run(...asHost, "touch", "/data/g");
      expect(await run("-v", "shared:/data", "busybox", "stat", "-c", "%u", "/data/g")).toBe("0");
      await text("volume", "rm", "shared");
    });

    test("a volume is filled from the image with its ids", async () => {
      expect(await run("-v", "/etc", "busybox", "stat", "-c", "%u", "/etc/passwd")).toBe("0");
    });

    test("a container joins another's network, processes and memory", async () => {
      await text(
        "run",
        "-d",
        "--name",
        "donor",
        "--runtime",
        runtime,
        "--ipc",
        "shareable",
        "busybox",
        "sleep",
        "1000",
      );
      const join = ["--network", "container:donor", "--pid", "container:donor", "--ipc", "container:donor"];
      expect(
        await run(
          ...join,
          "busybox",
          "sh",
          "-c",
          "cat /proc/1/comm; touch /dev/shm/x; ip -o link | grep -c eth0",
        ),
      ).toBe("sleep\n1");
      expect(await text("exec", "donor", "stat", "-c", "%u", "/dev/shm/x")).toBe("0");
      expect(
        await run(
          "--pid",
          "container:donor",
          "busybox",
          "sh",
          "-c",
          "cat /proc/1/comm; ip -o link | grep -c eth0",
        ),
      ).toBe("sleep\n1");
      const foreign = await docker(
        "run",
        "--rm",
        "--userns",
        "host",
        "--pid",
        "container:donor",
        "busybox",
        "true",
      );
      expect(foreign.stderr).toContain("it lives in another user namespace");
      await text("rm", "-f", "donor");
    });

    test("confinement is what it is elsewhere: limits, read-only root, init", async () => {
      const flags = ["-m", "32m", "--read-only", "--tmpfs", "/t", "--init", "--pids-limit", "50"];
      const script =
        "cat /proc/1/comm; touch /t/x && echo written; touch /x 2>/dev/null || echo refused; grep Seccomp: /proc/self/status";
      expect(await run(...flags, "busybox", "sh", "-c", script)).toMatch(
        /^docker-init\nwritten\nrefused\nSeccomp:\s+2$/,
      );
    });

    test("a directory of the host's root is closed to a remapped container", async () => {
      await onHost("mkdir -m 700 /run/closed && echo secret >/run/closed/file");
      const refused = await docker(
        "run",
        "--rm",
        "--runtime",
        runtime,
        "-v",
        "/run/closed:/h",
        "busybox",
        "cat",
        "/h/file",
      );
      expect([refused.stdout, refused.exitCode]).toEqual(["", 1]);
      expect(await run("--userns", "host", "-v", "/run/closed:/h", "busybox", "cat", "/h/file")).toBe(
        "secret",
      );
      await onHost("rm -r /run/closed");
    });
  });

  test("cp, export and commit speak of the container's ids, whether it runs or not", async () => {
    await text(
      "run",
      "-d",
      "--name",
      "copied",
      "-v",
      "/data",
      "busybox",
      "sh",
      "-c",
      "touch /made && chown 5:6 /made; sleep 1000",
    );
    await until(
      "made",
      () => docker("exec", "copied", "test", "-e", "/made"),
      ({ exitCode }) => exitCode === 0,
    );
    const listed = (command: string) =>
      onHost(
        `docker -H unix://${daemon().socket} ${command} | tar --numeric-owner -tvf - | awk '$6 ~ /made$/ {print $2}'`,
      );
    await onHost("echo hello >/run/hello");
    for (const directory of ["/root", "/data"]) {
      await text("cp", "/run/hello", `copied:${directory}/hello`);
      expect(
        await text("exec", "copied", "sh", "-c", `stat -c %u ${directory}/hello; cat ${directory}/hello`),
      ).toBe("0\nhello");
    }
    expect([await listed("cp copied:/made -"), await listed("export copied")]).toEqual(["5/6", "5/6"]);
    await text("stop", "-t", "0", "copied");
    expect([await listed("cp copied:/made -"), await listed("export copied")]).toEqual(["5/6", "5/6"]);
    await text("commit", "copied", "copied-image");
    expect(await text("run", "--rm", "copied-image", "stat", "-c", "%u:%g", "/made", "/root/hello")).toBe(
      "5:6\n0:0",
    );
    await text("rm", "-v", "copied");
    await text("rmi", "copied-image");
  });

  test("what needs the host's root is refused, and allowed with --userns=host", async () => {
    const refusals: [string[], string][] = [
      [["--privileged"], "privileged mode is incompatible with user namespaces"],
      [["--network", "host"], "cannot share the host's network namespace when user namespaces are enabled"],
      [["--pid", "host"], "cannot share the host PID namespace when user namespaces are enabled"],
    ];
    for (const [flags, words] of refusals)
      expect((await docker("run", "--rm", ...flags, "busybox", "true")).stderr).toContain(words);
    expect(
      await text("run", "--rm", "--privileged", "--userns=host", "busybox", "cat", "/proc/self/uid_map"),
    ).toMatch(/^\s*0\s+0\s/);
  });

  test("info tells, and a running container outlives its daemon", async () => {
    expect(await text("info", "-f", "{{.SecurityOptions}}")).toContain("name=userns");
    await text("run", "-d", "--name", "stays", "-v", "/data", "busybox", "sleep", "1000");
    await daemon().kill();
    await daemon().start();
    expect(await text("exec", "stays", "sh", "-c", "touch /data/x && stat -c %u /data/x /etc/hosts")).toBe(
      "0\n0",
    );
    await text("restart", "-t", "0", "stays");
    expect(await text("exec", "stays", "stat", "-c", "%u", "/data/x")).toBe("0");
    await text("rm", "-fv", "stays");
  });

  test("no way leads through the shifted files from outside a container", async () => {
    await text("run", "-d", "--name", "own", "busybox", "sleep", "1000");
    const id = await text("inspect", "-f", "{{.Id}}", "own");
    const { execRoot } = daemon();
    for (const path of ["shifted/data", `rootfs/${id}/bin/sh`])
      expect(
        await onHost(`setpriv --reuid 1000 --regid 1000 --clear-groups ls ${execRoot}/${path} 2>&1 || true`),
      ).toContain("Permission denied");
    expect(
      await onHost(
        `setpriv --reuid ${HOST_ROOT} --regid ${HOST_ROOT} --clear-groups ls ${execRoot}/shifted/data 2>&1 || true`,
      ),
    ).toContain("Permission denied");
    await text("rm", "-f", "own");
  });

  testNothingIsLeft(daemon);
});
