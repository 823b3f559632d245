import { expect, test } from "bun:test";
import net from "node:net";
import type { Duplex } from "node:stream";
import { createFiles } from "#kernel/files/files.ts";
import { inheritedAttachStream } from "#runtime/shim/attach-stream.ts";
import { passConnection } from "#runtime/shim/pass-connection.ts";
import type { AttachOptions } from "#runtime/types.ts";
import { ALL, demultiplex, eventually, OUTPUT, readAll, startSupervisor } from "./supervisor.ts";

const files = createFiles();
const KEYS = Uint8Array.of(16, 17);

interface Handed {
  readonly isTaken: boolean;
  readonly client: Duplex;
}

/** What a reader has been sent so far, as far as its frames are whole. */
function heard(reader: Duplex): () => string {
  let bytes = Buffer.alloc(0);
  let text = "";
  reader.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUInt32BE(4)) {
      const end = 8 + bytes.readUInt32BE(4);
      text += bytes.toString("latin1", 8, end);
      bytes = bytes.subarray(end);
    }
  });
  return () => text;
}

interface Request {
  readonly options?: AttachOptions;
  readonly words?: string;
  readonly detachKeys?: Uint8Array;
}

/** One end of a pair of sockets is the client; the other is handed over, and our hold on it closed. */
async function handOver(directory: string, request: Request = {}): Promise<Handed> {
  const [ours, theirs] = files.socketPair();
  const { options = ALL, words = "", detachKeys } = request;
  const path = `${directory}/supervisor.sock`;
  const client = { fd: theirs, options, detachKeys, words: Buffer.from(words) };
  const isTaken = await passConnection(files, path, client);
  files.close(theirs);
  return { isTaken, client: inheritedAttachStream(ours) };
}

test("a client's own connection becomes a reader of a running process, with our words first", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "read line; echo $line"],
    openStdin: true,
  });
  await supervisor.started;
  const reader = await handOver(supervisor.directory, { options: OUTPUT, words: "HEAD" });
  const writer = await handOver(supervisor.directory);
  expect([reader.isTaken, writer.isTaken]).toEqual([true, true]);
  const output = readAll(reader.client);
  writer.client.write("typed\n");
  const bytes = await output;
  expect(bytes.subarray(0, 4).toString()).toBe("HEAD");
  expect(demultiplex(bytes.subarray(4)).stdout).toBe("typed\n");
});

test("a TCP client gets all that was said, also when our hold on its connection was closed with a reset", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "read line; head -c 3000000 /dev/zero"],
    openStdin: true,
  });
  await supervisor.started;
  const accepted = Promise.withResolvers<Bun.Socket>();
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => accepted.resolve(socket), data() {} },
  });
  const client = net.connect(server.port, "127.0.0.1");
  const raw = await accepted.promise;
  raw.pause();
  const { fd } = raw as unknown as { readonly fd: number };
  const path = `${supervisor.directory}/supervisor.sock`;
  const request = { fd, options: ALL, detachKeys: undefined, words: Buffer.from("HEAD") };
  expect(await passConnection(files, path, request)).toBe(true);
  raw.terminate();
  client.write("go\n");
  const bytes = await readAll(client);
  expect(bytes.subarray(0, 4).toString()).toBe("HEAD");
  expect(demultiplex(bytes.subarray(4)).stdout).toHaveLength(3_000_000);
});

test("a process that has ended takes no connection, nor does a supervisor that does not know this", async () => {
  const supervisor = await startSupervisor();
  await supervisor.closed;
  expect((await handOver(supervisor.directory)).isTaken).toBe(false);
  await supervisor[Symbol.asyncDispose]();
  const path = `${process.env.TMPDIR ?? "/tmp"}/wharf-old-${process.pid}`;
  await Bun.spawn(["mkdir", "-p", path]).exited;
  // As supervisors of before answer: status 2, and the connection is closed.
  const old = net.createServer((socket) =>
    socket.once("data", () => socket.end(Buffer.from("7768726601020000", "hex"))),
  );
  await new Promise<void>((listening) => old.listen(`${path}/supervisor.sock`, listening));
  expect((await handOver(path)).isTaken).toBe(false);
  old.close();
});

test("words and keys that are too long are not even sent", async () => {
  await using supervisor = await startSupervisor({ command: ["sleep", "100"] });
  await supervisor.started;
  expect((await handOver(supervisor.directory, { words: "x".repeat(1025) })).isTaken).toBe(false);
  expect((await handOver(supervisor.directory, { detachKeys: new Uint8Array(17) })).isTaken).toBe(false);
  expect((await handOver(supervisor.directory, { words: "x".repeat(1024) })).isTaken).toBe(true);
});

test("detach keys end a client's part and no other's; what only begins them is typed", async () => {
  await using supervisor = await startSupervisor({ command: ["cat"], openStdin: true });
  await supervisor.started;
  const watcher = await handOver(supervisor.directory, { options: OUTPUT });
  const typist = await handOver(supervisor.directory, { detachKeys: KEYS });
  const typed = readAll(typist.client);
  const seen = heard(watcher.client);
  for (const text of ["a\x10", "b\x10\x10c\x11", "d\n"]) typist.client.write(text, "latin1");
  await eventually(() => seen().includes("a\x10b\x10\x10c\x11d\n"));
  typist.client.write("e\n\x10\x11 behind\n", "latin1");
  await typed;
  await eventually(() => supervisor.detached.count === 1);
  await eventually(() => seen().includes("e\n"));
  const other = await handOver(supervisor.directory);
  other.client.write("after\n");
  await eventually(() => seen().includes("after\n"));
  expect(seen()).not.toContain("behind");
});

test("detach keys of a client that waited for the start, in pieces of any size", async () => {
  await using supervisor = await startSupervisor({
    command: ["cat"],
    openStdin: true,
    attach: [{ ...ALL, detachKeys: Uint8Array.of(1, 1, 2) }, OUTPUT],
  });
  await supervisor.started;
  const [typist, watcher] = supervisor.readers;
  const seen = heard(watcher!);
  const ended = readAll(typist!);
  for (const byte of "x\x01\x01\x01y\n\x01\x01\x02") {
    typist!.write(byte, "latin1");
    await Bun.sleep(1);
  }
  await ended;
  await eventually(() => supervisor.detached.count === 1);
  await eventually(() => seen() === "x\x01\x01\x01y\n");
});
