import { expect, test } from "bun:test";
import { until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const run = (...args: string[]) => daemon().docker("run", "--rm", ...args);
const output = (...args: string[]) => daemon().dockerText("run", "--rm", ...args);

test("run prints what the container prints, each stream on its own", async () => {
  const result = await run("busybox", "sh", "-c", "echo out; echo err >&2");
  expect(result).toEqual({ exitCode: 0, stdout: "out\n", stderr: "err\n" });
});

test("run ends with the container's exit code", async () => {
  expect((await run("busybox", "sh", "-c", "exit 3")).exitCode).toBe(3);
  expect((await run("--init", "busybox", "sh", "-c", "kill -TERM $$")).exitCode).toBe(143);
});

test("run says 127 for a command that is not there and 126 for one that cannot run", async () => {
  const missing = await run("busybox", "nosuch");
  expect(missing.exitCode).toBe(127);
  expect(missing.stderr).toContain('exec: "nosuch": executable file not found in $PATH');
  const directory = await run("busybox", "/etc");
  expect(directory.exitCode).toBe(126);
  expect(directory.stderr).toContain("permission denied");
  expect(await daemon().dockerText("ps", "-aq")).toBe("");
});

test("run of an image that is not there and cannot be pulled ends with 125", async () => {
  const result = await run("127.0.0.1:1/none:latest", "true");
  expect(result.exitCode).toBe(125);
  expect(result.stderr).toContain("Unable to find image '127.0.0.1:1/none:latest' locally");
});

test("run -i gives the client's input to the process and closes it at the end", async () => {
  const { machine, socket } = daemon();
  const result = await machine.run(
    ["docker", "-H", `unix://${socket}`, "run", "--rm", "-i", "busybox", "cat"],
    { input: "a\nb\n" },
  );
  expect(result.stdout).toBe("a\nb\n");
});

test("run -t gives the process a terminal", async () => {
  expect((await output("-t", "busybox", "sh", "-c", "test -t 0 && test -t 1 && echo tty")).trim()).toBe(
    "tty",
  );
});

test("run sets environment, directory, user, hostname and entrypoint", async () => {
  const script = 'echo "$A $PWD $(id -u):$(id -g) $(hostname)"';
  const flags = ["-e", "A=b", "-w", "/tmp", "-u", "65534:100", "-h", "host1", "--entrypoint", "sh"];
  expect(await output(...flags, "busybox", "-c", script)).toBe("b /tmp 65534:100 host1");
});

test("run makes a working directory that is not there", async () => {
  expect(await output("-w", "/made/here", "busybox", "pwd")).toBe("/made/here");
});

test("run confines: seccomp, capabilities, read-only and masked paths", async () => {
  const status = await output("busybox", "cat", "/proc/self/status");
  expect(status).toMatch(/^Seccomp:\s+2$/m);
  expect(status).toMatch(/^CapEff:\s+00000000a80425fb$/m);
  expect((await run("busybox", "sh", "-c", "echo 1 >/proc/sys/kernel/panic")).exitCode).not.toBe(0);
  expect(await output("busybox", "sh", "-c", "cat /proc/kcore | wc -c")).toBe("0");
  expect((await run("busybox", "mount", "-t", "tmpfs", "t", "/tmp")).exitCode).not.toBe(0);
});

test("run --privileged lifts the confinement", async () => {
  const status = await output(
    "--privileged",
    "busybox",
    "sh",
    "-c",
    "mount -t tmpfs t /tmp && cat /proc/self/status",
  );
  expect(status).toMatch(/^Seccomp:\s+0$/m);
});

test("run --cap-drop and --cap-add choose capabilities", async () => {
  const flags = ["--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE"];
  expect(await output(...flags, "busybox", "grep", "CapEff", "/proc/self/status")).toMatch(
    /0000000000000400$/,
  );
});

test("run --read-only refuses writes to the root and lets --tmpfs be written", async () => {
  const script = "touch /x 2>/dev/null || echo no; touch /t/x && echo yes";
  expect(await output("--read-only", "--tmpfs", "/t", "busybox", "sh", "-c", script)).toBe("no\nyes");
});

test("run --memory, --cpus and --pids-limit reach the kernel", async () => {
  const script = `for f in memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max; do cat /sys/fs/cgroup/$f; done 2>/dev/null ||
    cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max`;
  const values = await output(
    "-m",
    "64m",
    "--cpus",
    "0.5",
    "--pids-limit",
    "50",
    "busybox",
    "sh",
    "-c",
    script,
  );
  expect(values).toMatch(/^67108864\n50000( 100000)?\n50$/);
});

test("run notes when the kernel killed for want of memory", async () => {
  const d = daemon();
  const result = await d.docker(
    "run",
    "--name",
    "oom",
    "-m",
    "16m",
    "busybox",
    "sh",
    "-c",
    "x=0123456789abcdef; while :; do x=$x$x; done",
  );
  expect(result.exitCode).toBe(137);
  expect(await d.dockerText("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "oom")).toBe(
    "true 137",
  );
  await d.dockerText("rm", "oom");
});

test("run --init puts an init before the process that reaps and forwards signals", async () => {
  const d = daemon();
  const comm = await output("--init", "busybox", "sh", "-c", "cat /proc/1/comm; echo $$");
  expect(comm).not.toMatch(/^sh\n1$/);
  await d.dockerText("run", "-d", "--init", "--name", "init", "busybox", "sleep", "1000");
  await d.dockerText("stop", "init"); // sleep alone as pid 1 would ignore TERM for ten seconds
  expect(await d.dockerText("inspect", "-f", "{{.State.ExitCode}}", "init")).toBe("143");
  await d.dockerText("rm", "init");
});

test("run --ulimit sets a limit", async () => {
  expect(await output("--ulimit", "nofile=64:128", "busybox", "sh", "-c", "ulimit -Sn; ulimit -Hn")).toBe(
    "64\n128",
  );
});

test("run --shm-size sizes /dev/shm", async () => {
  expect(await output("--shm-size", "1m", "busybox", "sh", "-c", "df -k /dev/shm | tail -1")).toMatch(
    /\s1024\s/,
  );
});

test("run --sysctl sets a sysctl of the container's namespaces", async () => {
  expect(
    await output("--sysctl", "net.core.somaxconn=77", "busybox", "cat", "/proc/sys/net/core/somaxconn"),
  ).toBe("77");
});

test("run --pid host and --uts host share the engine's namespaces", async () => {
  expect(
    Number(await output("--pid", "host", "busybox", "sh", "-c", "ls -d /proc/[0-9]* | wc -l")),
  ).toBeGreaterThan(3);
  const hostname = (await daemon().machine.text(["hostname"])).trim();
  expect(await output("--uts", "host", "busybox", "hostname")).toBe(hostname);
});

test("wharf run behaves as docker run does", async () => {
  const d = daemon();
  const result = await d.wharf("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 4");
  expect(result).toEqual({ exitCode: 4, stdout: "out\n", stderr: "err\n" });
  expect((await d.wharf("run", "--rm", "busybox", "nosuch")).exitCode).toBe(127);
  expect((await d.wharf("run", "--nosuchflag", "busybox")).exitCode).toBe(125);
});

test("run --rm leaves nothing behind", async () => {
  const d = daemon();
  await run("-v", "/anonymous", "busybox", "true");
  expect(await d.dockerText("ps", "-aq")).toBe("");
  expect(await d.dockerText("volume", "ls", "-q")).toBe("");
  // The kernel takes a dropped namespace's links away a moment later.
  await until(
    "clean",
    () => d.leftovers(),
    (left) => left.length === 0,
  );
});
