import { expect, test } from "bun:test";
import type { Duplex } from "node:stream";
import { connectAttachStream } from "#runtime/shim/attach-stream.ts";
import { encodeCloseStdin } from "#runtime/shim/protocol.ts";
import {
  ALL,
  demultiplex,
  eventually,
  OUTPUT,
  privateMemory,
  readAll,
  startSupervisor,
  supervisorOf,
} from "./supervisor.ts";

const MEGABYTE = 1 << 20;
/** What one supervisor may take at most. */
const MEMORY_MAX = 200 * 1024;

test("attach gives every waiting reader all output from the first byte, and only the streams asked for", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "echo out; echo err >&2"],
    attach: [
      OUTPUT,
      { stdin: false, stdout: true, stderr: false },
      { stdin: false, stdout: false, stderr: true },
    ],
  });
  const texts = await Promise.all(
    supervisor.readers.map(async (reader) => demultiplex(await readAll(reader))),
  );
  expect(texts).toEqual([
    { stdout: "out\n", stderr: "err\n" },
    { stdout: "out\n", stderr: "" },
    { stdout: "", stderr: "err\n" },
  ]);
});

test("attach joins a running process, and what it is given begins then", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "echo early; read line; echo $line"],
    openStdin: true,
    attach: [ALL],
  });
  await supervisor.started;
  await new Promise<void>((seen) => supervisor.readers[0]!.once("data", () => seen()));
  const path = `${supervisor.directory}/supervisor.sock`;
  const late = await Promise.all(Array.from({ length: 20 }, () => connectAttachStream(path, OUTPUT)));
  supervisor.readers[0]!.write("late\n");
  const texts = await Promise.all(late.map(async (reader) => demultiplex(await readAll(reader)).stdout));
  expect(texts).toEqual(Array.from({ length: 20 }, () => "late\n"));
});

test("stdin ends when its first writer ends, if it is to be used once", async () => {
  await using supervisor = await startSupervisor({
    command: ["cat"],
    openStdin: true,
    stdinOnce: true,
    attach: [ALL],
  });
  const output = readAll(supervisor.readers[0]!);
  supervisor.readers[0]!.end("to the end");
  expect(demultiplex(await output).stdout).toBe("to the end");
  expect((await supervisor.exited).code).toBe(0);
});

test("stdin outlives its writers otherwise, until it is closed", async () => {
  await using supervisor = await startSupervisor({ command: ["cat"], openStdin: true, attach: [OUTPUT] });
  await supervisor.started;
  const output = readAll(supervisor.readers[0]!);
  for (const text of ["one ", "two "]) {
    const writer = await connectAttachStream(`${supervisor.directory}/supervisor.sock`, ALL);
    writer.end(text);
    await new Promise((seen) => supervisor.readers[0]!.once("data", seen));
    writer.destroy();
  }
  supervisor.control.send(encodeCloseStdin());
  expect(demultiplex(await output).stdout).toBe("one two ");
});

test("stdin takes nothing from a reader that did not ask for it", async () => {
  await using supervisor = await startSupervisor({
    command: ["cat"],
    openStdin: true,
    stdinOnce: true,
    attach: [OUTPUT, ALL],
  });
  const [reader, writer] = supervisor.readers as [Duplex, Duplex];
  const output = readAll(reader);
  reader.write("ignored");
  writer.end("taken");
  expect(demultiplex(await output).stdout).toBe("taken");
});

test("streams carry 100 MB each way in little memory", async () => {
  await using supervisor = await startSupervisor({
    command: ["cat"],
    openStdin: true,
    stdinOnce: true,
    attach: [ALL],
    log: { maxBytes: MEGABYTE, maxFiles: 2 },
  });
  const shim = supervisorOf((await supervisor.started).pid);
  const reader = supervisor.readers[0]!;
  let memory = 0;
  let received = 0;
  reader.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  const ended = new Promise((end) => reader.once("end", end));
  const block = Buffer.alloc(MEGABYTE, `${"0123456789abcdef".repeat(63)}fifteen bytes.\n`);
  for (let i = 0; i < 100; i++) {
    if (!reader.write(block)) await new Promise((drained) => reader.once("drain", drained));
    if (i % 10 === 9) memory = Math.max(memory, privateMemory(shim));
  }
  reader.end();
  await ended;
  const frames = (received - 100 * MEGABYTE) / 8;
  expect(Number.isInteger(frames)).toBe(true);
  expect(frames).toBeLessThan(100_000);
  expect(memory).toBeLessThan(MEMORY_MAX);
});

test("a slow reader gets everything, also after the process has ended, and holds nobody up", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "seq 1 400000"], // 2.7 MB: far more than sockets and pipes hold
    attach: [OUTPUT, OUTPUT],
  });
  const [slow, quick] = supervisor.readers as [Duplex, Duplex];
  slow.pause();
  expect(demultiplex(await readAll(quick)).stdout.endsWith("400000\n")).toBe(true);
  expect((await supervisor.exited).code).toBe(0);
  const text = demultiplex(await readAll(slow)).stdout;
  expect(text.split("\n")).toEqual([...Array.from({ length: 400_000 }, (_, i) => String(i + 1)), ""]);
});

test("a process waits for a slow reader whose ring is full, and loses nothing", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "seq 1 400000"],
    attach: [OUTPUT],
    readers: { ringBytes: 100_000, stallMs: 60_000 },
  });
  const slow = supervisor.readers[0]!;
  slow.pause();
  const first = await Promise.race([
    supervisor.exited.then(() => "ended"),
    Bun.sleep(150).then(() => "waiting"),
  ]);
  expect(first).toBe("waiting");
  const text = demultiplex(await readAll(slow)).stdout;
  expect(text.endsWith("399999\n400000\n")).toBe(true);
  expect(text.length).toBe(2_688_895);
});

test("a reader that takes nothing while its ring is full is cut off, and the others go on", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "seq 1 400000"],
    attach: [OUTPUT, OUTPUT],
    readers: { ringBytes: 100_000, stallMs: 2000 }, // the quick one may wait for its turn on a busy machine
  });
  const [stalled, quick] = supervisor.readers as [Duplex, Duplex];
  stalled.pause();
  expect(demultiplex(await readAll(quick)).stdout.length).toBe(2_688_895);
  expect((await readAll(stalled)).length).toBeLessThan(2_000_000);
});

test("a reader that goes away is forgotten, and its supervisor stays small", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "while read line; do echo $line; done"],
    openStdin: true,
    attach: [ALL],
  });
  const shim = supervisorOf((await supervisor.started).pid);
  const path = `${supervisor.directory}/supervisor.sock`;
  const before = privateMemory(shim);
  for (let i = 0; i < 200; i++) (await connectAttachStream(path, OUTPUT)).destroy();
  const descriptors = () =>
    [...new Bun.Glob("*").scanSync({ cwd: `/proc/${shim}/fd`, onlyFiles: false })].length;
  await eventually(() => descriptors() < 15);
  expect(privateMemory(shim)).toBeLessThan(Math.max(before * 2, MEMORY_MAX / 2));
  supervisor.readers[0]!.write("still there\n");
  const answer = await new Promise<Buffer>((seen) => supervisor.readers[0]!.once("data", seen));
  expect(demultiplex(answer).stdout).toBe("still there\n");
});

test("output of what a process left behind is waited for only shortly", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "sleep 30 & echo $!"],
    attach: [OUTPUT],
  });
  const text = demultiplex(await readAll(supervisor.readers[0]!)).stdout;
  expect((await supervisor.exited).code).toBe(0);
  process.kill(Number(text));
});
