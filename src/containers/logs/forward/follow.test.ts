import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { localFile, localRecord, sizeOfRecords } from "../_local-file.ts";
import { SpoolFollower } from "./follow.ts";
import type { ShipReport } from "./reports.ts";
import { LOG_NAME, markRemoved, Position, removeSpool, writeTarget } from "./spool.ts";

const root = mkdtempSync(join(tmpdir(), "spool-test-"));
afterAll(() => rmSync(root, { recursive: true }));

let directory: string;
let socketPath: string;
let received: string;
const reports: ShipReport[] = [];

beforeEach(() => {
  const own = mkdtempSync(join(root, "s-"));
  directory = join(own, "spool");
  mkdirSync(directory);
  socketPath = join(own, "socket");
  received = "";
  reports.length = 0;
  const subject = {
    id: "a".repeat(64),
    name: "web",
    imageId: "",
    imageName: "",
    created: "",
    hostname: "h",
    config: {},
  };
  writeFileSync(socketPath, ""); // looked for when options are read
  writeTarget(directory, {
    driver: "syslog",
    options: { "syslog-address": `unix://${socketPath}`, tag: "t" },
    subject,
  });
});

function listen() {
  rmSync(socketPath, { force: true });
  return Bun.listen({
    unix: socketPath,
    socket: {
      data(_socket, bytes) {
        received += bytes.toString();
      },
    },
  });
}

function follow(isRunning: boolean): {
  readonly follower: SpoolFollower;
  readonly ended: Promise<void>;
  stop(): void;
} {
  const stop = new AbortController();
  const host = { openDatagram: () => expect.unreachable(), makeFifo: () => expect.unreachable(), pid: 7 };
  const report = (one: ShipReport) => void reports.push(one);
  const follower = new SpoolFollower(
    { directory, host, report, signal: stop.signal, now: Date.now },
    isRunning,
  );
  return {
    follower,
    ended: follower.run(),
    stop() {
      stop.abort();
      follower.notify();
    },
  };
}

const log = () => join(directory, LOG_NAME);
const texts = () => [...received.matchAll(/t\[7\]: (.*)\n/g)].map(([, text]) => text);
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await Bun.sleep(2);
};

test("SpoolFollower sends what is there, what comes, and what the process leaves without a newline", async () => {
  using _endpoint = listen();
  writeFileSync(log(), localFile(0, [{ text: "one\ntwo\nthr" }]));
  const { follower, ended } = follow(true);
  await until(() => texts().length === 2);
  appendFileSync(log(), localRecord({ text: "ee\nend", continues: true }));
  follower.notify();
  await until(() => texts().length === 3);
  follower.notify(false);
  await ended;
  await until(() => texts().length === 4);
  expect(texts()).toEqual(["one", "two", "three", "end"]);
});

test("SpoolFollower goes on where the last one was, through rotated and compressed files", async () => {
  const first = localFile(0, [{ text: "1\n" }, { text: "2\n" }]);
  const second = localFile(sizeOfRecords(first), [{ text: "3\n" }]);
  writeFileSync(`${log()}.2.gz`, gzipSync(first));
  writeFileSync(`${log()}.1`, second);
  writeFileSync(log(), localFile(sizeOfRecords(first) + sizeOfRecords(second), [{ text: "4\n" }]));
  using position = new Position(directory);
  position.value = sizeOfRecords(first) / 2;
  using _endpoint = listen();
  await follow(false).ended;
  await until(() => texts().length === 3);
  expect(texts()).toEqual(["2", "3", "4"]);
  using after = new Position(directory);
  expect(after.value).toBe(sizeOfRecords(first) + sizeOfRecords(second) + sizeOfRecords(second));
  await follow(false).ended;
  expect(texts()).toEqual(["2", "3", "4"]);
});

test("SpoolFollower keeps lines for an endpoint that is away, and tells once", async () => {
  rmSync(socketPath, { force: true });
  writeFileSync(socketPath, "");
  writeFileSync(log(), localFile(0, [{ text: "kept\n" }]));
  const { ended } = follow(false);
  await until(() => reports.length > 0);
  using _endpoint = listen();
  await ended;
  await until(() => texts().length > 0);
  expect(texts()).toEqual(["kept"]);
  expect(reports.map(({ kind }) => kind)).toEqual(["failing", "recovered"]);
});

test("SpoolFollower follows a rotation while it reads, and removes a removed container's spool", async () => {
  using _endpoint = listen();
  const first = localFile(0, [{ text: "a\n" }]);
  writeFileSync(log(), first);
  const { follower, ended } = follow(true);
  await until(() => texts().length === 1);
  renameSync(log(), `${log()}.1`);
  writeFileSync(log(), localFile(sizeOfRecords(first), [{ text: "b\n" }]));
  follower.notify();
  await until(() => texts().length === 2);
  markRemoved(directory);
  follower.notify(false);
  await ended;
  expect(texts()).toEqual(["a", "b"]);
  expect(existsSync(directory)).toBe(false);
});

test("SpoolFollower sends long lines in parts of 16 KiB and tells what was rotated away unread", async () => {
  using _endpoint = listen();
  writeFileSync(log(), localFile(1000, [{ text: `${"x".repeat(20_000)}\n` }]));
  await follow(false).ended;
  await until(() => texts().length === 2);
  expect(texts().map((text) => text!.length)).toEqual([16_384, 3616]);
  expect(reports).toEqual([{ directory, kind: "lost", bytes: 1000 }]);
});

test("SpoolFollower sees that the container was removed when nobody tells it", async () => {
  using _endpoint = listen();
  writeFileSync(log(), localFile(0, [{ text: "last\n" }]));
  const { follower, ended } = follow(true);
  await until(() => texts().length === 1);
  markRemoved(directory);
  follower.notify();
  await ended;
  expect(existsSync(directory)).toBe(false);
});

test("removeSpool() takes the spool out of sight at once, and a second remover finds nothing to do", () => {
  using _held = new Position(directory); // as the helper of a daemon that was killed holds it
  removeSpool(directory);
  expect(existsSync(directory)).toBe(false);
  expect(() => new Position(directory)).toThrow("ENOENT");
  removeSpool(directory);
  expect(readdirSync(dirname(directory))).toEqual(["socket"]);
});
