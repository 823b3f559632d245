import { expect, test } from "bun:test";
import { supervisorArguments } from "./arguments.ts";
import {
  checkAnswer,
  decodeExitRecord,
  encodeAttachHello,
  encodeCloseStdin,
  encodeControlHello,
  encodeReopenLog,
  encodeResize,
  encodeSignal,
  NoticeDecoder,
} from "./protocol.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("hellos name the protocol, its version, the kind and the streams", () => {
  expect(hex(encodeControlHello())).toBe("7768726601010100");
  expect(hex(encodeAttachHello({ stdin: true, stdout: false, stderr: true }))).toBe("7768726601020500");
});

test("requests are frames of a type, a length and numbers", () => {
  expect(hex(encodeResize(24, 80))).toBe("010000000000000400180050");
  expect(hex(encodeResize(-1, 1e6))).toBe("01000000000000040000ffff");
  expect(hex(encodeSignal(15))).toBe("02000000000000040000000f");
  expect(hex(encodeCloseStdin())).toBe("0300000000000000");
  expect(hex(encodeReopenLog())).toBe("0400000000000000");
});

test("checkAnswer() accepts only the supervisor's yes", () => {
  checkAnswer(Buffer.from("7768726601000000", "hex"));
  expect(() => checkAnswer(Buffer.from("7768726601010000", "hex"))).toThrow("too many connections");
  expect(() => checkAnswer(Buffer.from("7768726602020000", "hex"))).toThrow("speaks version 2, not 1");
  expect(() => checkAnswer(Buffer.from("HTTP/1.1"))).toThrow("no supervisor answers");
});

const RECORD = { pid: 5, startedAt: "s", code: 137, signal: 9, oomKilled: true, finishedAt: "f" };

function frame(type: number, payload: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(payload));
  const head = Buffer.alloc(8);
  head[0] = type;
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text]);
}

test("NoticeDecoder reads notices however the bytes are cut", () => {
  const bytes = Buffer.concat([
    frame(128, { pid: 5, startedAt: "s" }),
    frame(130, { what: "w", errno: 2, status: -1 }),
    frame(129, RECORD),
  ]);
  const notices = [
    { type: "started", started: { pid: 5, startedAt: "s" } },
    { type: "failed", failure: { what: "w", errno: 2, status: -1 } },
    { type: "exited", record: RECORD },
  ];
  for (const size of [1, 7, 8, 9, 1000]) {
    const decoder = new NoticeDecoder();
    const read = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...decoder.push(bytes.subarray(at, at + size)));
    expect(read as unknown[]).toEqual(notices);
  }
});

test("NoticeDecoder refuses what the protocol does not know", () => {
  const decode = (bytes: Buffer) => new NoticeDecoder().push(bytes);
  expect(() => decode(frame(7, {}))).toThrow("unknown type 7");
  expect(() => decode(frame(128, { pid: "5", startedAt: "s" }))).toThrow("pid is not a number");
  expect(() => decode(Buffer.from("80000000ffffffff", "hex"))).toThrow("4294967295 bytes");
});

test("decodeExitRecord() wants every field", () => {
  expect(decodeExitRecord(JSON.stringify(RECORD))).toEqual(RECORD);
  for (const text of ["", "null", "{}", JSON.stringify({ ...RECORD, oomKilled: 1 })])
    expect(() => decodeExitRecord(text)).toThrow();
});

test("supervisorArguments() numbers descriptors in the order they are passed", () => {
  const args = supervisorArguments({
    directory: "/run/x",
    terminal: true,
    openStdin: true,
    stdinOnce: false,
    sealedRuntime: true,
    attach: [
      { stdin: true, stdout: true, stderr: false },
      { stdin: false, stdout: false, stderr: true },
    ],
    hide: "/h",
    record: "/r",
    oomCounters: "/c",
    overflow: "/o",
    log: { path: "/l", maxBytes: 5, maxFiles: 2, attrs: { b: "<", 1: "x", a: "\u2028" } },
    readers: { ringBytes: 1, stallMs: 2 },
    runtimeCommand: ["crun", "run"],
  });
  expect(args.join(" ")).toBe(
    [
      "--directory /run/x --control 3 --runtime-fd 4 --attach 5:3 --attach 6:4 --hide /h --terminal --stdin",
      "--record /r --oom-counters /c --overflow /o --log /l --log-max-files 2 --log-max-bytes 5",
      String.raw`--log-attrs {"1":"x","a":"\u2028","b":"\u003c"}`,
      "--ring-bytes 1 --stall-ms 2 -- crun run",
    ].join(" "),
  );
});
