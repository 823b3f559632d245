import { expect, test } from "bun:test";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

test("logs: all, tail, timestamps, since and until, each stream by itself", async () => {
  await docker(
    "run",
    "--name",
    "logs",
    "busybox",
    "sh",
    "-c",
    "for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2",
  );
  const all = await daemon().docker("logs", "logs");
  expect(all.stdout).toBe("line 1\nline 2\nline 3\nline 4\nline 5\n");
  expect(all.stderr).toBe("oops\n");
  const tail = await daemon().docker("logs", "--tail", "2", "logs");
  expect(tail.stdout + tail.stderr).toBe("line 5\noops\n");
  expect(await docker("logs", "-t", "--tail", "3", "logs")).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 4\n/,
  );
  expect(await docker("logs", "--until", "2001-01-01T00:00:00Z", "logs")).toBe("");
  expect(await docker("logs", "--since", "2099-01-01T00:00:00Z", "logs")).toBe("");
  expect((await daemon().wharf("logs", "logs")).stdout).toBe(all.stdout);
  await docker("rm", "logs");
});

test("logs -f ends with the container and misses no line", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "follow",
    "busybox",
    "sh",
    "-c",
    "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done; sleep 0.3; echo end",
  );
  const lines = (await docker("logs", "-f", "follow")).split("\n");
  expect(lines).toEqual([...Array.from({ length: 300 }, (_, i) => String(i)), "end"]);
  await docker("rm", "follow");
});

test("logs follow across rotated files and keep their bound", async () => {
  const d = daemon();
  await docker(
    "run",
    "-d",
    "--name",
    "rotate",
    "--log-opt",
    "max-size=8k",
    "--log-opt",
    "max-file=3",
    "busybox",
    "sh",
    "-c",
    "sleep 0.3; i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done",
  );
  const followed = (await docker("logs", "-f", "rotate")).split("\n");
  expect(followed.at(-1)).toBe("line 999");
  const id = await docker("inspect", "-f", "{{.Id}}", "rotate");
  const files = (await d.machine.text(["sh", "-c", `ls ${d.dataRoot}/containers/${id}/ | grep json.log`]))
    .trim()
    .split("\n");
  expect(files.length).toBe(3);
  const kept = (await docker("logs", "rotate")).split("\n");
  expect(kept.at(-1)).toBe("line 999");
  expect(kept).toEqual(followed.slice(-kept.length));
  await docker("rm", "rotate");
});

test("the log is Docker's json-file, byte for byte", async () => {
  const d = daemon();
  await docker(
    "run",
    "--name",
    "json",
    "busybox",
    "sh",
    "-c",
    'printf "a\\tb\\"<&>\\\\ \\001\\377é\\n"; printf part',
  );
  const id = await docker("inspect", "-f", "{{.Id}}", "json");
  const text = await d.machine.text(["cat", await docker("inspect", "-f", "{{.LogPath}}", "json")]);
  const [first, second] = text.trim().split("\n");
  expect(first).toStartWith(
    '{"log":"a\\u0009b\\"\\u003c\\u0026\\u003e\\\\ \\u0001\\ufffdé\\n","stream":"stdout","time":"2',
  );
  expect(second).toStartWith('{"log":"part","stream":"stdout","time":"');
  expect(id).toHaveLength(64);
  await docker("rm", "json");
});

test("attach sees what follows, and detach keys leave the container running", async () => {
  const d = daemon();
  await docker("run", "-dit", "--name", "att", "busybox", "sh");
  // A terminal is needed on the client's side: script(1) gives one.
  // The keys may be typed only when the client has made the terminal raw: a cooked one takes ^Q for itself.
  const output = `${d.machine.directory}/attached`;
  const type = `printf 'echo in-$((40+2))\\n'; until grep -q in-42 ${output}; do sleep 0.05; done; printf '\\020\\021'`;
  const attach = `(${type}) | script -qec "docker -H unix://${d.socket} attach att" /dev/null >${output}; cat ${output}`;
  const { stdout } = await d.machine.run(["sh", "-c", attach]);
  expect(stdout).toContain("in-42");
  expect(await docker("inspect", "-f", "{{.State.Running}}", "att")).toBe("true");
  await docker("rm", "-f", "att");
});

test("two readers attached see the same", async () => {
  const d = daemon();
  await docker("create", "--name", "two", "busybox", "sh", "-c", "sleep 0.5; seq 1 2000");
  const readers = [d.docker("attach", "two"), d.docker("start", "-a", "two")];
  await Bun.sleep(100);
  const [attached, started] = await Promise.all(readers);
  expect(started!.stdout.trim().split("\n")).toHaveLength(2000);
  // attach before start is refused by the client; after a failed attempt it says why
  if (attached!.exitCode === 0) expect(attached!.stdout).toBe(started!.stdout);
  await docker("rm", "-f", "two");
});

test("a large output through attach arrives whole", async () => {
  const { machine, socket } = daemon();
  const script = `docker -H unix://${socket} run --rm busybox dd if=/dev/zero bs=1M count=64 2>/dev/null | wc -c`;
  expect((await machine.text(["sh", "-c", script])).trim()).toBe(String(64 * 1024 * 1024));
});

test("a large input through attach arrives whole", async () => {
  const { machine, socket } = daemon();
  const script = `head -c 64M /dev/zero | docker -H unix://${socket} run --rm -i busybox wc -c`;
  expect((await machine.text(["sh", "-c", script])).trim()).toBe(String(64 * 1024 * 1024));
});

test("a reader that reads slowly loses nothing", async () => {
  const { machine, socket } = daemon();
  const script = `docker -H unix://${socket} run --rm busybox sh -c 'seq 1 200000' | (sleep 1; tail -1)`;
  expect((await machine.text(["sh", "-c", script])).trim()).toBe("200000");
});

test("exec: output, exit code, environment, user, directory", async () => {
  await docker("run", "-d", "--name", "ex", "busybox", "sleep", "1000");
  const result = await daemon().docker(
    "exec",
    "-e",
    "A=1",
    "-w",
    "/tmp",
    "-u",
    "65534",
    "ex",
    "sh",
    "-c",
    'echo "$A $PWD $(id -u)"; echo e >&2; exit 6',
  );
  expect(result).toEqual({ exitCode: 6, stdout: "1 /tmp 65534\n", stderr: "e\n" });
  expect((await daemon().docker("exec", "ex", "nosuch")).exitCode).toBe(127);
  const fed = await daemon().machine.run(
    ["docker", "-H", `unix://${daemon().socket}`, "exec", "-i", "ex", "cat"],
    { input: "fed\n" },
  );
  expect(fed.stdout).toBe("fed\n");
  expect((await docker("exec", "-t", "ex", "sh", "-c", "test -t 1 && echo tty")).trim()).toBe("tty");
  await docker("exec", "-d", "ex", "touch", "/tmp/done");
  await until(
    "detached",
    () => daemon().docker("exec", "ex", "test", "-e", "/tmp/done"),
    (r) => r.exitCode === 0,
  );
  expect(await docker("exec", "--privileged", "ex", "grep", "CapEff", "/proc/self/status")).not.toMatch(
    /a80425fb$/,
  );
  expect((await daemon().wharf("exec", "ex", "sh", "-c", "exit 8")).exitCode).toBe(8);
  await docker("rm", "-f", "ex");
  expect((await daemon().docker("exec", "ex", "true")).stderr).toContain("No such container: ex");
});

test("exec sees the limits of its container", async () => {
  await docker("run", "-d", "--name", "lim", "--ulimit", "nofile=99:99", "busybox", "sleep", "1000");
  expect(await docker("exec", "lim", "grep", "Seccomp:", "/proc/self/status")).toMatch(/2$/);
  await docker("rm", "-f", "lim");
});

test("stats reads one sample", async () => {
  await docker("run", "-d", "--name", "st", "busybox", "sleep", "1000");
  expect(await docker("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "st")).toBe("st 1");
  await docker("rm", "-f", "st");
});

testNothingIsLeft(daemon);
