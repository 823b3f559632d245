import { describe, expect, test } from "bun:test";
import { chunks, gelfMessage } from "./gelf.ts";
import { encodeFields, fieldName } from "./journald.ts";
import { EventTime, pack } from "./msgpack.ts";
import { eventEncoder } from "./splunk.ts";
import { encodeSyslog, parseFacility } from "./syslog.ts";
import type { LogLine } from "./types.ts";

const line = (text: string, stream: LogLine["stream"] = "stdout"): LogLine => ({
  stream,
  text: Buffer.from(text),
  nanos: 1_763_694_245_123_456_789n,
  partial: undefined,
});
const subject = {
  ...{ id: "c".repeat(64), name: "web", imageId: "sha256:1", imageName: "nginx", created: "", hostname: "h" },
  config: { Labels: { a: "b" } },
};

describe("encodeSyslog()", () => {
  const encoder = { facility: parseFacility("local1"), hostname: "h", tag: "t", pid: 7, countsOctets: false };

  test("lays out RFC 5424 with and without microseconds, and counts octets for TLS", () => {
    const five = encodeSyslog({ ...encoder, format: "rfc5424" }, line("hi")).toString();
    expect(five).toBe("<142>1 2025-11-21T03:04:05Z h t 7 t - hi\n");
    const micro = encodeSyslog(
      { ...encoder, format: "rfc5424micro", countsOctets: true },
      line("hi", "stderr"),
    );
    expect(micro.toString()).toBe("48 <139>1 2025-11-21T03:04:05.123456Z h t 7 t - hi\n");
  });
});

describe("pack()", () => {
  test("writes what the forward protocol needs", () => {
    const hex = (value: Parameters<typeof pack>[0]) => pack(value).toString("hex");
    expect(hex(["t", [[5, { log: Buffer.from("x") }]]])).toBe("92a174919205" + "81a36c6f67a178");
    expect(hex(1_763_694_245)).toBe("cf00000000691fd6a5");
    expect(hex(new EventTime(1_000_000_002n))).toBe("d7000000000100000002");
    expect(hex("x".repeat(40)).slice(0, 4)).toBe("d928");
    expect(hex("x".repeat(300)).slice(0, 6)).toBe("da012c");
    expect(hex(Array.from({ length: 20 }, () => 0)).slice(0, 6)).toBe("dc0014");
  });
});

describe("gelf", () => {
  test("gelfMessage() tells the level and the time in seconds", () => {
    expect(gelfMessage("h", line("no", "stderr"))).toEqual({
      version: "1.1",
      host: "h",
      short_message: "no",
      timestamp: 1_763_694_245.123,
      level: 3,
    });
  });

  test("chunks() cuts what no datagram holds and numbers the pieces", () => {
    expect(chunks(Buffer.alloc(1000))).toHaveLength(1);
    const pieces = chunks(Buffer.alloc(3000, 1), new Uint8Array(8).fill(9));
    expect(pieces.map((piece) => piece.subarray(0, 12).toString("hex"))).toEqual(
      ["00", "01", "02"].map((number) => `1e0f${"09".repeat(8)}${number}03`),
    );
    expect(pieces.reduce((sum, piece) => sum + piece.length - 12, 0)).toBe(3000);
  });
});

describe("journald", () => {
  test("encodeFields() gives the length of what has a newline", () => {
    expect(encodeFields({ A: "x", B: "y\nz" }).toString("latin1")).toBe("A=x\nB\n\x03\0\0\0\0\0\0\0y\nz\n");
  });

  test("fieldName() makes names journald takes", () => {
    expect(["com.example.x", "_9a", "Ä"].map(fieldName)).toEqual(["COM_EXAMPLE_X", "A", ""]);
  });
});

describe("eventEncoder() of splunk", () => {
  const event = (options: Record<string, string>, text: string) =>
    eventEncoder({ "splunk-token": "x", ...options }, subject)(line(text)).map((one) => JSON.parse(one));

  test("puts lines inline, as JSON where they are, or raw behind what describes them", () => {
    const common = { host: "h", time: "1763694245.123456" };
    expect(event({ labels: "a", "splunk-index": "i" }, "hi")).toEqual([
      {
        ...common,
        index: "i",
        event: { line: "hi", source: "stdout", tag: "c".repeat(12), attrs: { a: "b" } },
      },
    ]);
    expect(event({ "splunk-format": "json", tag: "" }, '{"a":1}')[0].event).toEqual({
      line: { a: 1 },
      source: "stdout",
    });
    expect(event({ "splunk-format": "json", tag: "" }, "no")[0].event.line).toBe("no");
    expect(event({ "splunk-format": "raw", labels: "a", tag: "T" }, "hi")[0].event).toBe("T a=b hi");
    expect(event({ "splunk-format": "raw" }, "  ")).toEqual([]);
  });
});
