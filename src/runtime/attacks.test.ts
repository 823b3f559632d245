/** Escapes that worked against other engines, each with a legitimate use beside it. Numbers are those of CVEs. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  type ContainerRequest,
  createLab,
  type Lab,
  type Outcome,
  runContainer,
  startContainer,
  supervisorPath,
} from "./_testing/container.ts";
import { hermetic } from "./_testing/hermetic.ts";
import type { SpecMount } from "./spec/types.ts";
import { StartFailed } from "./start-failed.ts";

hermetic(import.meta.path, () => {
  for (const name of ["crun", "runc"]) describe.skipIf(!Bun.which(name))(name, () => defineTests(name));
});

/** On the host, and nothing any container was given. */
const HOST_DIRECTORY = "/run/host-directory";

function defineTests(runtime: string): void {
  let lab: Lab;
  const ready = createLab().then((made) => {
    lab = made;
  });
  afterAll(() => {
    lab.runtime[Symbol.dispose]();
    lab.kernel.cgroups.remove(lab.cgroupParent);
  });

  async function run(script: string, request: Partial<ContainerRequest> = {}): Promise<Outcome> {
    await ready;
    return await runContainer(lab, { runtime, command: ["sh", "-c", script], ...request });
  }

  /** A root file system of its own, to be spoilt. */
  async function rootfs(spoil: (path: string) => void): Promise<string> {
    await ready;
    const path = `/run/rootfs-${crypto.randomUUID()}`;
    await Bun.$`cp -a ${lab.rootfs} ${path}`;
    spoil(path);
    rmSync(HOST_DIRECTORY, { recursive: true, force: true });
    mkdirSync(HOST_DIRECTORY);
    return path;
  }

  /** An attack may be refused or lead nowhere. */
  async function outcomeOf(attempt: Promise<Outcome>): Promise<Outcome | "refused"> {
    try {
      return await attempt;
    } catch (error) {
      expect(error).toBeInstanceOf(StartFailed);
      return "refused";
    }
  }

  test("a container cannot overwrite the runtime that started it (2019-5736)", async () => {
    await ready;
    const program = lab.runtime.runtimes.get(runtime)!.path;
    const before = Bun.hash(readFileSync(program));
    const path = await rootfs((root) =>
      writeFileSync(join(root, "bin/evil"), "#!/proc/self/exe\n", { mode: 0o755 }),
    );
    await outcomeOf(run("", { command: ["/bin/evil"], input: { rootfs: path } }));
    await run("for exe in /proc/*/exe; do (echo spoilt >$exe) 2>/dev/null; done; exit 0");
    expect(Bun.hash(readFileSync(program))).toBe(before);
  });

  test("a container cannot overwrite its init on the host", async () => {
    const init = "/run/docker-init";
    copyFileSync(supervisorPath(), init);
    const before = Bun.hash(readFileSync(init));
    const request = { hostConfig: { Init: true }, input: { initPath: init } };
    const script = "(echo spoilt >/proc/1/exe); (echo spoilt >/sbin/docker-init); exit 3";
    expect((await run(script, request)).code).toBe(3);
    expect(Bun.hash(readFileSync(init))).toBe(before);
  });

  test("no descriptor of the host reaches a container, nor a working directory through one (2024-21626)", async () => {
    expect((await run("ls /proc/self/fd | tr '\\n' ' '")).stdout).toBe("0 1 2 3 "); // 3 is ls's own
    const path = await rootfs((root) => {
      for (let fd = 3; fd < 12; fd++) symlinkSync(`/proc/self/fd/${fd}`, join(root, `leak${fd}`));
    });
    for (let fd = 3; fd < 12; fd++) {
      const request = { config: { WorkingDir: `/leak${fd}` }, input: { rootfs: path } };
      const outcome = await outcomeOf(run("cat ../../../../run/marker ../../etc/hostname; exit 0", request));
      if (outcome !== "refused") expect(outcome.stdout).toBe("");
    }
  });

  test.each(["root", "web"])(
    "a container as %s cannot touch the host's /dev/null through its stdin",
    async (User) => {
      const owner = () => (({ uid, gid, mode, rdev }) => ({ uid, gid, mode, rdev }))(statSync("/dev/null"));
      const before = owner();
      const { stdout } = await run(
        "chmod 600 /proc/self/fd/0; cat /dev/stdin; test -c /dev/stdin && echo null",
        {
          config: { User },
        },
      );
      expect(stdout).toBe("null\n");
      expect(owner()).toEqual(before);
    },
  );

  test("a link is a fine working directory otherwise", async () => {
    const path = await rootfs((root) => symlinkSync("tmp", join(root, "work")));
    expect((await run("pwd -P", { config: { WorkingDir: "/work" }, input: { rootfs: path } })).stdout).toBe(
      "/tmp\n",
    );
  });

  test("masked paths are empty and read-only ones cannot be written", async () => {
    const hidden = "cat /proc/timer_list /proc/keys | wc -c; ls /sys/firmware | wc -l";
    const group = "group=/sys/fs/cgroup; [ -d $group/memory ] && group=$group/memory; mkdir $group/x";
    const outcome = await run(`${hidden}; echo 1 >/proc/sys/vm/swappiness; ${group}; exit 0`);
    expect(outcome.stdout).toBe("0\n0\n");
    expect(outcome.stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  test("an image whose /dev is a link to the host changes nothing there (2026-41579)", async () => {
    const path = await rootfs((root) => {
      rmSync(join(root, "dev"), { recursive: true });
      symlinkSync(`../../../../../../..${HOST_DIRECTORY}`, join(root, "dev"));
    });
    await outcomeOf(run("echo x >/dev/null; echo y >/dev/shm/z", { input: { rootfs: path } }));
    expect(readdirSync(HOST_DIRECTORY)).toEqual([]);
  });

  test.each(["proc", "sys"])(
    "an image whose /%s is a link gets no false one (2019-16884, 2023-27561)",
    async (name) => {
      const path = await rootfs((root) => {
        rmSync(join(root, name), { recursive: true });
        mkdirSync(join(root, "fake/self/attr"), { recursive: true });
        symlinkSync("/fake", join(root, name));
      });
      const outcome = await outcomeOf(
        run(`grep -c "^${name}" /proc/mounts; ls /fake`, { input: { rootfs: path } }),
      );
      if (outcome !== "refused") expect(outcome.stdout).not.toContain("attr");
    },
  );

  function volume(destination: string): SpecMount {
    mkdirSync("/run/volume", { recursive: true });
    writeFileSync("/run/volume/file", "in the volume\n");
    return { type: "bind", source: "/run/volume", destination, readOnly: false, propagation: "" };
  }

  test("a mount behind a link to the host appears in the container alone (2024-45310)", async () => {
    const path = await rootfs((root) =>
      symlinkSync(`../../../../../..${HOST_DIRECTORY}`, join(root, "link")),
    );
    const input = { rootfs: path, mounts: [volume("/link/below")] };
    await outcomeOf(run("cat /link/below/file", { input }));
    expect(readdirSync(HOST_DIRECTORY)).toEqual([]);
  });

  test("a mount behind a link of the image works", async () => {
    const path = await rootfs((root) => {
      mkdirSync(join(root, "var"));
      symlinkSync("/tmp", join(root, "var/run"));
    });
    const input = { rootfs: path, mounts: [volume("/var/run/below")] };
    expect((await run("cat /tmp/below/file", { input })).stdout).toBe("in the volume\n");
  });

  test("a read-only volume stays so, with all below it", async () => {
    await ready;
    mkdirSync("/run/volume/below", { recursive: true });
    lab.kernel.mounts.mount("tmpfs", "/run/volume/below", "tmpfs");
    const input = { mounts: [{ ...volume("/v"), readOnly: true }] };
    const outcome = await run("touch /v/x; touch /v/below/x; exit 0", { input });
    lab.kernel.mounts.unmount("/run/volume/below");
    expect(outcome.stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  test("no capability is inheritable, and the bound is Docker's (2022-29162)", async () => {
    const { stdout } = await run("grep -E '^Cap(Inh|Eff|Bnd|Amb)' /proc/self/status | tr '\\t' ' '");
    expect(stdout).toBe(
      [
        "CapInh: 0000000000000000",
        "CapEff: 00000000a80425fb",
        "CapBnd: 00000000a80425fb",
        "CapAmb: 0000000000000000",
        "",
      ].join("\n"),
    );
  });

  test("only root may enter a container's run directory (2024-25621)", async () => {
    await ready;
    await using container = await startContainer(lab, { runtime, command: ["sleep", "100"] });
    const { runDirectory } = container.start;
    expect(statSync(runDirectory).mode & 0o777).toBe(0o700);
    for (const name of ["config.json", "supervisor.sock"])
      expect(statSync(join(runDirectory, name)).mode & 0o177).toBe(0);
    expect(existsSync(join(runDirectory, "console.sock"))).toBe(false);
  });

  describe("the default seccomp profile", () => {
    test("is in force and refuses new namespaces", async () => {
      const { stdout, stderr } = await run("grep ^Seccomp: /proc/self/status; unshare -U true; exit 0");
      expect(stdout).toBe("Seccomp:\t2\n");
      expect(stderr).toContain("Operation not permitted");
    });

    test("lets a container do more that may do more, and all where it is off", async () => {
      const more = await run("unshare -m true && echo made", { hostConfig: { CapAdd: ["SYS_ADMIN"] } });
      expect(more.stdout).toBe("made\n");
      const off = { hostConfig: { SecurityOpt: ["seccomp=unconfined"] } };
      expect((await run("grep ^Seccomp: /proc/self/status", off)).stdout).toBe("Seccomp:\t0\n");
      expect((await run("unshare -U true && echo made", off)).stdout).toBe("made\n");
    });

    test("gives way to a profile of the user's", async () => {
      const profile = JSON.stringify({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
      });
      const outcome = await run("mkdir /tmp/x; exit 0", {
        hostConfig: { SecurityOpt: [`seccomp=${profile}`] },
      });
      expect(outcome.stderr).toContain("No space left on device");
    });
  });

  test("an ordinary program finds what it needs", async () => {
    const script =
      "echo x >/dev/null && head -c 1 /dev/urandom | wc -c && mkdir /dev/shm/d && ulimit -n && id -u";
    const outcome = await run(script, { config: { User: "web" } });
    expect(outcome).toMatchObject({ code: 0, stdout: "1\n1024\n1000\n", stderr: "" });
  });
}
