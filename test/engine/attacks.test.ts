/**
 * Attacks that must fail, each with the legitimate use next to it. Layers that try to leave their directory are tested in
 * src/storage/layer, archives of images in test/compat/bad-input.test.ts, the network's in network.test.ts.
 */
import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);

/** An image made of busybox and what the script does to its root (its first argument). */
async function makeImage(name: string, script: string, changes: readonly string[] = []): Promise<void> {
  const { machine, socket } = daemon();
  const root = join(machine.directory, "made");
  await machine.text(["sh", join(import.meta.dir, "../../tools/setup/busybox-rootfs.sh"), root]);
  const flags = ['CMD ["sh"]', ...changes].flatMap((change) => ["-c", `'${change}'`]).join(" ");
  await machine.text(["sh", "-c", `cd ${root} && ${script}`]);
  await machine.text([
    "sh",
    "-c",
    `tar -C ${root} -c . | docker -H unix://${socket} import ${flags} - ${name}; rm -rf ${root}`,
  ]);
}

const hashOf = async (path: string) => (await daemon().machine.text(["sha256sum", path])).split(" ")[0];
const readOnHost = async (path: string) => (await daemon().machine.run(["cat", path])).stdout;

beforeAll(() => daemon().machine.text(["sh", "-c", "echo untouched >/run/host-file"]));

for (const runtime of ["crun", "runc"]) {
  const run = (...args: string[]) => docker("run", "--rm", "--runtime", runtime, ...args);

  test(`${runtime}: a container cannot write to the runtime that started it (CVE-2019-5736)`, async () => {
    const before = await hashOf(Bun.which(runtime)!);
    await makeImage(
      "selfexe",
      "ln -s /proc/self/exe evil; rm -f bin/sh; printf '#!/proc/self/exe\\n' >bin/sh; chmod 755 bin/sh",
    );
    await run("--entrypoint", "/evil", "selfexe");
    await run("selfexe", "/bin/sh");
    await text(
      "run",
      "-d",
      "--runtime",
      runtime,
      "--name",
      "victim",
      "selfexe",
      "/bin/busybox",
      "sleep",
      "1000",
    );
    const overwrite = "for p in /proc/[0-9]*/exe; do echo x 2>/dev/null >>$p; done; true";
    await docker("exec", "victim", "/bin/busybox", "ash", "-c", overwrite);
    await docker("exec", "victim", "/evil");
    await text("rm", "-f", "victim");
    expect(await hashOf(Bun.which(runtime)!)).toBe(before);
    expect((await run("busybox", "echo", "fine")).stdout).toBe("fine\n");
  });

  test(`${runtime}: a working directory below /proc/self/fd does not reach the host (CVE-2024-21626)`, async () => {
    for (let fd = 3; fd < 16; fd++) {
      const result = await run(
        "-w",
        `/proc/self/fd/${fd}`,
        "busybox",
        "cat",
        "../../../run/host-file",
        "../../run/host-file",
      );
      expect(result.stdout).not.toContain("untouched");
    }
    await text("run", "-d", "--runtime", runtime, "--name", "victim", "busybox", "sleep", "1000");
    for (let fd = 3; fd < 16; fd++) {
      const result = await docker(
        "exec",
        "-w",
        `/proc/self/fd/${fd}`,
        "victim",
        "cat",
        "../../../run/host-file",
      );
      expect(result.stdout).not.toContain("untouched");
    }
    await text("rm", "-f", "victim");
    expect((await run("-w", "/tmp", "busybox", "pwd")).stdout).toBe("/tmp\n");
  });

  test(`${runtime}: links of the image at /dev, /proc and /sys do not lead mounts to the host`, async () => {
    const links = ["dev", "proc", "sys", "dev/null"];
    for (const link of links) {
      const name = `link-${link.replace("/", "-")}`;
      await makeImage(name, `rm -rf ${link}; mkdir -p $(dirname ${link}); ln -s /../../../../run ${link}`);
      const result = await run(
        name,
        "sh",
        "-c",
        "cat /run/host-file /host-file; echo >/run/host-file; mount",
      );
      expect(result.stdout).not.toContain("untouched");
      expect(await readOnHost("/run/host-file")).toBe("untouched\n");
      // Runtimes that are new enough defend themselves; the engine does not leave it to them.
      if (!IS_DOCKERD && link !== "dev/null")
        expect(result.stderr).toContain(
          `the image's /${link} is not a directory: nothing is mounted through it`,
        );
    }
  });

  test(`${runtime}: masked paths stay masked and read-only ones read-only with an image's own /dev/null (CVE-2025-31133)`, async () => {
    await makeImage(
      "devnull",
      "mkdir -p dev; ln -s /proc/sys/kernel/core_pattern dev/null; ln -s /proc dev/console",
    );
    const before = await readOnHost("/proc/sys/kernel/core_pattern");
    await run(
      "devnull",
      "sh",
      "-c",
      "echo x >/proc/sys/kernel/core_pattern; echo x >/dev/null; echo x >/proc/kcore",
    );
    await run("-t", "devnull", "sh", "-c", "echo x >/proc/sys/kernel/core_pattern");
    expect(await readOnHost("/proc/sys/kernel/core_pattern")).toBe(before);
    const masks = " /proc/\\(kcore\\|keys\\|timer_list\\|interrupts\\) ";
    expect(Number((await run("busybox", "grep", "-c", masks, "/proc/mounts")).stdout)).toBeGreaterThan(0);
  });

  test(`${runtime}: exec gives no inheritable capabilities (CVE-2022-29162)`, async () => {
    await text("run", "-d", "--runtime", runtime, "--name", "caps", "busybox", "sleep", "1000");
    expect(await text("exec", "caps", "grep", "CapInh", "/proc/self/status")).toMatch(/\t0000000000000000$/);
    expect(await text("exec", "-u", "65534", "caps", "grep", "CapEff", "/proc/self/status")).toMatch(
      /\t0000000000000000$/,
    );
    await text("rm", "-f", "caps");
  });
}

test.skipIf(IS_DOCKERD)(
  "no descriptor of ours reaches a runtime, whatever it does with them (CVE-2024-21626)",
  async () => {
    const looking =
      "#!/bin/sh\nls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> /\\1 /p' >>/run/descriptors\nexec crun \"$@\"\n";
    await daemon().machine.text([
      "sh",
      "-c",
      `printf '%s' "$1" >/run/looking; chmod +x /run/looking`,
      "make",
      looking,
    ]);
    await text("run", "-d", "--runtime", "/run/looking", "--name", "looked", "busybox", "sleep", "1000");
    expect(await text("exec", "looked", "echo", "runs")).toBe("runs");
    const descriptors = (await readOnHost("/run/descriptors")).trim().split("\n");
    expect(descriptors.filter((line) => /^0 /.test(line)).length).toBeGreaterThanOrEqual(2);
    // But for input and output only the listing's own.
    expect(descriptors.filter((line) => !/^[012] |^\d+ \/proc\/\d+\/fd$/.test(line))).toEqual([]);
    await text("rm", "-f", "looked");
  },
);

test("a user id that does not fit 32 bits is refused and never becomes root (CVE-2024-40635)", async () => {
  for (const user of ["4294967296", "2147483648:4294967296", "-1", "18446744073709551616"]) {
    const result = await docker("run", "--rm", "-u", user, "busybox", "id", "-u");
    expect(result.stdout).not.toBe("0\n");
    expect([result.exitCode === 0, result.stderr]).toEqual([
      false,
      expect.stringContaining("uids and gids must be in range 0-2147483647"),
    ]);
  }
  expect(await text("run", "--rm", "-u", "1000", "busybox", "id", "-u")).toBe("1000");
});

test("exec with an unknown user fails and runs nothing (CVE-2026-30892)", async () => {
  await text("run", "-d", "--name", "users", "busybox", "sleep", "1000");
  const result = await docker("exec", "-u", "nosuch", "users", "touch", "/tmp/ran");
  expect(result.exitCode).not.toBe(0);
  expect((await docker("exec", "users", "ls", "/tmp/ran")).exitCode).not.toBe(0);
  expect(await text("exec", "-u", "nobody", "users", "id", "-u")).toBe("65534");
  await text("rm", "-f", "users");
});

test("a container on the host's network finds no control socket of ours (CVE-2020-15257)", async () => {
  const sockets = await text("run", "--rm", "--network", "host", "busybox", "cat", "/proc/net/unix");
  expect(sockets.split("\n").filter((line) => /@.*(?:shim|wharf|supervisor)/.test(line))).toEqual([]);
});

test("directories with containers' files are closed to other users (CVE-2024-25621)", async () => {
  const { machine, dataRoot, execRoot } = daemon();
  await text("run", "-d", "--name", "closed", "busybox", "sleep", "1000");
  const open = await machine.text([
    "sh",
    "-c",
    `find ${dataRoot} ${execRoot} -maxdepth 1 -type d -perm /007 ! -path '*/diff*' -printf '%m %p\\n'`,
  ]);
  const readable = open
    .trim()
    .split("\n")
    .filter((line) => line !== "" && !/^7?[0-7][0-7][01] /.test(line));
  expect(readable).toEqual([]);
  const sockets = await machine.text(["sh", "-c", `find ${execRoot} -type s ! -perm 600 -printf '%m %p\\n'`]);
  expect(sockets.trim()).toBe("");
  await text("rm", "-f", "closed");
});

test("labels of an image are never directives to the engine (CVE-2026-53488)", async () => {
  await makeImage("labels", ":", [
    "LABEL run.oci.hooks.stderr=/run/host-file run.oci.seccomp_fail_unknown_syscall=0 run.oci.delegate-cgroup=x",
  ]);
  const id = await text("create", "--name", "labelled", "labels");
  await text("start", "labelled");
  const config = await daemon().machine.run(["cat", `${daemon().execRoot}/containers/${id}/config.json`]);
  expect(config.stdout).not.toContain("run.oci.hooks.stderr");
  expect(await readOnHost("/run/host-file")).toBe("untouched\n");
  await text("rm", "-f", "labelled");
});

test("a volume filled from an image reads nothing of the host (CVE-2022-23648)", async () => {
  await daemon().machine.text(["sh", "-c", "mkdir /run/host-secret; echo secret >/run/host-secret/key"]);
  await makeImage("copyup", "mkdir -p run/host-secret; ln -s /../../../../../../run/host-secret data", [
    "VOLUME /data",
  ]);
  const result = await docker("run", "--rm", "copyup", "sh", "-c", "ls -A /data/; cat /data/*");
  expect([result.stdout, result.stderr]).toEqual([
    "",
    "cat: can't open '/data/*': No such file or directory\n",
  ]);
  await makeImage("copyup2", "mkdir real && echo kept >real/file && ln -s real data", ["VOLUME /data"]);
  expect(await text("run", "--rm", "copyup2", "cat", "/data/file")).toBe("kept");
});

test("hundreds of exec sessions leave no process, socket or descriptor (CVE-2022-31030, CVE-2025-64329)", async () => {
  const { machine } = daemon();
  await text("run", "-d", "--name", "many", "busybox", "sleep", "1000");
  const countDescriptors = async () =>
    Number(await machine.text(["sh", "-c", "ls /proc/$(pgrep -of 'wharf daemon')/fd | wc -l"]));
  await text("exec", "many", "true");
  const before = await until("quiet", countDescriptors, (count) => count > 0);
  const script = `for i in $(seq 1 100); do docker -H unix://${daemon().socket} exec many true & [ $((i % 10)) = 0 ] && wait; done; wait`;
  await machine.text(["bash", "-c", script]);
  await until("descriptors", countDescriptors, (count) => count <= before + 3);
  await text("rm", "-f", "many");
});

test("IPv6 is off in a container whose network has none (GHSA-x84c)", async () => {
  const addresses = await text("run", "--rm", "busybox", "ip", "-6", "addr", "show", "eth0");
  expect(addresses).toBe("");
});

testNothingIsLeft(daemon);
