/** Archives that a helper reads from the client's own connection: every way a body can come, end and break. */
import { beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { collectBytes } from "#base/streams.ts";
import { type TarHeader, writeTar } from "#base/tar-write.ts";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const content = new Uint8Array(700_000).map((_, index) => (index * 7919) >> 3);
const sha256 = createHash("sha256").update(content).digest("hex");
let archive: Buffer;

beforeAll(async () => {
  await daemon().dockerText("run", "-d", "--name", "web", "busybox", "sleep", "1000");
  const header: TarHeader = { name: "f", type: "file", mode: 0o600, sizeBytes: content.length };
  archive = Buffer.from(await collectBytes(writeTar([{ header, body: content }]), 1 << 20, "archive"));
});

/** What a client says, and everything it hears until the other side ends; `sendMore` is asked at each answer. */
async function speak(first: Uint8Array, sendMore?: (heard: string) => Uint8Array | "end" | "go" | undefined) {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = "";
  let unsent = Buffer.from(first);
  const flush = (socket: Bun.Socket<unknown>) => {
    const written = unsent.length > 0 ? socket.write(unsent) : 0;
    if (written > 0) unsent = unsent.subarray(written);
  };
  const react = (socket: Bun.Socket<unknown>) => {
    const more = sendMore?.(heard);
    if (more === "end") socket.shutdown();
    else if (more === "go") socket.terminate();
    else if (more) unsent = Buffer.concat([unsent, more]);
    flush(socket);
  };
  await Bun.connect({
    unix: daemon().machine.outside(daemon().socket),
    allowHalfOpen: true,
    socket: {
      open: react,
      drain: flush,
      data(socket, chunk) {
        heard += chunk.toString("latin1");
        react(socket);
      },
      end: () => resolve(heard),
      close: () => resolve(heard),
    },
  } as Bun.UnixSocketOptions<unknown>);
  return promise;
}

const PUT = "PUT /containers/web/archive?path=/tmp HTTP/1.1\r\nHost: d\r\n";
const LAST = Buffer.from("GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
const isWritten = async () => {
  const sum = await daemon().dockerText("exec", "web", "sh", "-c", "sha256sum </tmp/f; rm /tmp/f");
  return sum.startsWith(sha256);
};
const statuses = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
const withLength = (body: Uint8Array) => `${PUT}Content-Length: ${body.length}\r\n\r\n`;
const chunked = (body: Uint8Array, sizeBytes: number) => {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += sizeBytes) {
    const piece = body.subarray(at, at + sizeBytes);
    pieces.push(Buffer.from(`${piece.length.toString(16)};some=thing\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([
    Buffer.from(`${PUT}Transfer-Encoding: chunked\r\n\r\n`),
    ...pieces,
    Buffer.from("0\r\nChecksum: none\r\n\r\n"),
  ]);
};

test.each([
  ["with a length", () => Buffer.concat([Buffer.from(withLength(archive)), archive])],
  ["in chunks", () => chunked(archive, 30_011)],
  ["in many small chunks, compressed", () => chunked(gzipSync(archive), 13)],
])("an archive %s is written, and the request behind it is answered", async (_, request) => {
  const answers = await speak(Buffer.concat([request(), LAST]));
  expect(statuses(answers)).toEqual(["200", "200"]);
  expect(answers).toEndWith("OK");
  expect(await isWritten()).toBe(true);
});

test("a client that waits for 100 Continue is told to go on, and the connection serves further requests", async () => {
  const head = withLength(archive).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
  const answers = await speak(Buffer.from(head), (heard) => {
    if (statuses(heard).join() === "100") return archive;
    return statuses(heard).join() === "100,200" ? LAST : undefined;
  });
  expect(statuses(answers)).toEqual(["100", "200", "200"]);
  expect(await isWritten()).toBe(true);
});

test("a body that ends early is refused", async () => {
  const request = Buffer.concat([Buffer.from(withLength(archive)), archive.subarray(0, 300_000)]);
  let hasEnded = false;
  const answers = await speak(request, () => {
    if (hasEnded) return undefined;
    hasEnded = true;
    return "end";
  });
  // who ends before the answer may not get one
  expect(["", "400", "500"]).toContain(statuses(answers).join());
  await untilNoHelpers();
});

test.skipIf(IS_DOCKERD)("what follows a broken body is not taken for a request", async () => {
  const broken = Buffer.from(`${PUT}Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n`);
  expect(statuses(await speak(Buffer.concat([broken, LAST])))).toEqual(["400"]);
  const noArchive = Buffer.concat([Buffer.alloc(2000, "x"), LAST, Buffer.alloc(500_000, "y")]);
  const answers = await speak(Buffer.concat([Buffer.from(withLength(noArchive)), noArchive]));
  expect(statuses(answers)).toEqual(["400"]);
  expect(answers).toContain("so this is no tar archive");
});

test.skipIf(IS_DOCKERD)(
  "extended attributes of files pass both ways, where the file system has them",
  async () => {
    const { machine } = daemon();
    const python = async (script: string, name: string) =>
      await machine.run(["python3", "-c", `import os, sys\n${script}`, join(machine.directory, name)]);
    await machine.text(["sh", "-c", `echo note >${machine.directory}/noted`]);
    const set = await python("os.setxattr(sys.argv[1], 'user.note', bytes(range(256)))", "noted");
    if (set.exitCode !== 0) return; // older kernels have none on tmpfs
    await daemon().wharfText("cp", `${machine.directory}/noted`, "web:/noted");
    await daemon().wharfText("cp", "web:/noted", `${machine.directory}/by-wharf`);
    await daemon().dockerText("cp", "web:/noted", `${machine.directory}/by-docker`);
    for (const name of ["by-wharf", "by-docker"])
      expect(
        (await python("print(os.getxattr(sys.argv[1], 'user.note') == bytes(range(256)))", name)).stdout,
      ).toBe("True\n");
  },
);

test.skipIf(IS_DOCKERD)("helpers end with their client and with the daemon", async () => {
  const half = Buffer.concat([Buffer.from(withLength(archive)), archive.subarray(0, 300_000)]);
  const someOnesHelper = () =>
    until(
      "helper",
      () => helpers(),
      (found) => found.length > 0,
    );
  let leave: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const client = await Bun.connect({
    unix: daemon().machine.outside(daemon().socket),
    socket: { open: (socket) => void socket.write(half), data() {}, close: () => leave() },
  });
  await someOnesHelper();
  client.terminate();
  await gone;
  await untilNoHelpers();
  const speaking = speak(half);
  await someOnesHelper();
  await daemon().kill("SIGKILL");
  await speaking;
  await untilNoHelpers();
  await daemon().start();
});

test("the container can be used and removed after all this", async () => {
  expect(await daemon().dockerText("exec", "web", "echo", "fine")).toBe("fine");
  await daemon().dockerText("rm", "-f", "web");
});

async function helpers(): Promise<string[]> {
  const { stdout } = await daemon().machine.run(["pgrep", "-f", "container-files"]);
  return stdout.split("\n").filter(Boolean);
}

async function untilNoHelpers(): Promise<void> {
  await until(
    "no helper",
    () => helpers(),
    (found) => found.length === 0,
  );
}

testNothingIsLeft(daemon);
