import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAttachStream } from "#runtime/shim/attach-stream.ts";
import { ControlConnection } from "#runtime/shim/control-connection.ts";
import { encodeSignal, type Notice } from "#runtime/shim/protocol.ts";
import { demultiplex, eventually, OUTPUT, readAll, startSupervisor, supervisorOf } from "./supervisor.ts";

test("the exit code reaches the daemon and the record", async () => {
  await using supervisor = await startSupervisor({ command: ["sh", "-c", "exit 3"] });
  const record = await supervisor.exited;
  expect(record).toMatchObject({ code: 3, signal: 0, oomKilled: false, pid: (await supervisor.started).pid });
  expect(JSON.parse(readFileSync(supervisor.recordPath, "utf8"))).toEqual(record);
  expect(statSync(supervisor.recordPath).mode & 0o777).toBe(0o600);
  expect(record.finishedAt >= record.startedAt).toBe(true);
});

test("a signal counts as 128 and its number", async () => {
  await using supervisor = await startSupervisor({ command: ["sleep", "100"] });
  await supervisor.started;
  supervisor.control.send(encodeSignal(9));
  expect(await supervisor.exited).toMatchObject({ code: 137, signal: 9 });
});

test("all output is in the log and at the readers when the end is told", async () => {
  await using supervisor = await startSupervisor({ command: ["seq", "1", "100000"], attach: [OUTPUT] });
  const output = readAll(supervisor.readers[0]!);
  await supervisor.exited;
  expect(readFileSync(supervisor.logPath, "utf8").split("\n")).toHaveLength(100_001);
  expect(demultiplex(await output).stdout).toEndWith("\n100000\n");
});

test("the process's own end counts, not that of the runtime's helpers", async () => {
  // crun's intermediate child becomes the supervisor's own and may end first, with a code of its own.
  // Neither may end before the shell does, which would reap it.
  const untilOrphan = "while kill -0 $$ 2>/dev/null; do :; done";
  const runtime = `sh -c "${untilOrphan}; exit 7" & sh -c "${untilOrphan}; sleep 0.05; exit 5" & echo $! >pid`;
  await using supervisor = await startSupervisor({ runtime });
  expect((await supervisor.exited).code).toBe(5);
});

test("a process may end before its runtime does", async () => {
  // exec: a shell would reap it, also when it ends before that
  const untilExec = 'while [ "$(cat /proc/$PPID/comm 2>/dev/null)" = sh ]; do :; done';
  const runtime = `sh -c '${untilExec}; echo quick; exit 4' & echo $! >pid; exec sleep 0.1`;
  await using supervisor = await startSupervisor({ runtime, attach: [OUTPUT] });
  const output = readAll(supervisor.readers[0]!);
  expect((await supervisor.started).pid).toBeGreaterThan(1);
  expect((await supervisor.exited).code).toBe(4);
  expect(demultiplex(await output).stdout).toBe("quick\n");
});

test("the group's counters tell when memory ran out, also of a process that ended before its runtime", async () => {
  const counters = join(tmpdir(), `wharf-oom-${process.pid}`);
  const runtime = `sh -c 'exit 1' & echo $! >pid; exec sleep 0.1`;
  for (const [text, oomKilled] of [
    ["oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", true],
    ["oom 3\noom_kill 0\n", false],
  ] as const) {
    writeFileSync(counters, text);
    await using supervisor = await startSupervisor({ oomCounters: counters, runtime });
    expect((await supervisor.exited).oomKilled).toBe(oomKilled);
  }
  rmSync(counters);
});

test("a process that somebody else has reaped counts as lost", async () => {
  const runtime = "true & echo $! >pid; wait";
  await using supervisor = await startSupervisor({ runtime });
  expect((await supervisor.exited).code).toBe(255);
});

test("a runtime that fails is told with its code, and what it wrote reaches nobody", async () => {
  const runtime = "echo noise; echo noise >&2; exit 6";
  await using supervisor = await startSupervisor({ runtime, attach: [OUTPUT] });
  expect(await supervisor.failed).toEqual({ what: "run the OCI runtime", errno: 0, status: 6 });
  expect(await readAll(supervisor.readers[0]!)).toHaveLength(0);
  expect(readFileSync(supervisor.logPath, "utf8")).toBe("");
  expect(existsSync(supervisor.recordPath)).toBe(false);
});

test.each([
  ["a runtime that leaves no pid", { runtime: "exit 0" }, { what: "find the runtime's pid file", status: 0 }],
  ["a runtime that is not there", { runtimeCommand: ["/nosuch"] }, { errno: 2, status: -1 }],
  [
    "a log that cannot be opened",
    { log: { path: "/nosuch/log" } as object },
    { what: "open the log file", status: -1 },
  ],
])("%s is a failed start", async (_what, request, failure) => {
  await using supervisor = await startSupervisor(request);
  expect(await supervisor.failed).toMatchObject(failure);
  await supervisor.closed;
});

test("a supervisor lives on without its daemon and answers the next one", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "sleep 0.2; echo late; exit 8"],
  });
  const started = await supervisor.started;
  supervisor.control[Symbol.dispose]();
  const notices: Notice[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const path = join(supervisor.directory, "supervisor.sock");
  using _next = await ControlConnection.open({ path }, { notice: (n) => notices.push(n), closed: resolve });
  const reader = await connectAttachStream(path, OUTPUT);
  expect(demultiplex(await readAll(reader)).stdout).toBe("late\n");
  await closed;
  expect(notices).toEqual([
    { type: "started", started },
    { type: "exited", record: expect.objectContaining({ ...started, code: 8 }) },
  ]);
});

test("a supervisor alone writes the record and leaves", async () => {
  await using supervisor = await startSupervisor({ command: ["sh", "-c", "sleep 0.1; exit 9"] });
  const shim = supervisorOf((await supervisor.started).pid);
  supervisor.control[Symbol.dispose]();
  await eventually(() => !existsSync(`/proc/${shim}/exe`));
  expect(JSON.parse(readFileSync(supervisor.recordPath, "utf8")).code).toBe(9);
});

test("a supervisor that refuses connections has written its record", async () => {
  await using supervisor = await startSupervisor({ command: ["true"], attach: [OUTPUT] });
  supervisor.readers[0]!.pause();
  await supervisor.exited;
  const path = join(supervisor.directory, "supervisor.sock");
  expect(connectAttachStream(path, OUTPUT)).rejects.toThrow();
  expect(existsSync(supervisor.recordPath)).toBe(true);
});

test("only root reaches the socket, and by its path alone", async () => {
  await using supervisor = await startSupervisor({ command: ["sleep", "100"] });
  await supervisor.started;
  const socket = join(supervisor.directory, "supervisor.sock");
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  const abstract = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => / @.*(?:wharf|supervisor)/.test(line));
  expect(abstract).toEqual([]); // CVE-2020-15257
  supervisor.control.send(encodeSignal(9));
});

test("a run directory may have a path longer than a socket's", async () => {
  const root = mkdtempSync(join(tmpdir(), "wharf-long-"));
  const directory = join(root, "x".repeat(150));
  await using supervisor = await startSupervisor({ directory, command: ["sh", "-c", "exit 2"] });
  expect((await supervisor.exited).code).toBe(2);
  rmSync(root, { recursive: true });
});

test("the process inherits three descriptors, no blocked or ignored signal, and an ordinary umask", async () => {
  const script = "ls /proc/self/fd | tr '\\n' ' '; grep -E '^Sig(Blk|Ign)' /proc/self/status; umask";
  await using supervisor = await startSupervisor({ command: ["bash", "-c", script], attach: [OUTPUT] });
  const { stdout } = demultiplex(await readAll(supervisor.readers[0]!));
  expect(stdout).toStartWith("0 1 2 3 "); // 3 is ls's own; the 6 below is the shell's doing, for "&"
  expect(stdout).toMatch(/SigBlk:\s0{16}\nSigIgn:\s0{15}6\n0022\n$/);
});

test("signals do not end a supervisor", async () => {
  await using supervisor = await startSupervisor({ command: ["sleep", "100"] });
  const { pid } = await supervisor.started;
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGPIPE"] as const)
    process.kill(supervisorOf(pid), signal);
  supervisor.control.send(encodeSignal(15));
  expect(await supervisor.exited).toMatchObject({ code: 143, signal: 15 });
});
