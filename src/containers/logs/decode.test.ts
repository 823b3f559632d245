import { describe, expect, test } from "bun:test";
import { FrameDecoder } from "#spec/std-copy.ts";
import { parseNanos } from "../times.ts";
import { LogDecoder } from "./decode.ts";
import type { DecodeOptions } from "./types.ts";

const all: DecodeOptions = {
  stdout: true,
  stderr: true,
  framed: false,
  timestamps: false,
  details: false,
  since: undefined,
  until: undefined,
};

const T1 = "2026-11-21T03:04:05.000000001Z";
const T2 = "2026-11-21T03:04:05.5Z";
const line = (log: string, stream = "stdout", time = T1, attrs?: object) =>
  `${JSON.stringify({ log, stream, ...(attrs ? { attrs } : {}), time })}\n`;

function decode(text: string, options: Partial<DecodeOptions> = {}, chunkBytes = 1 << 20): string {
  const decoder = new LogDecoder({ ...all, ...options });
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    parts.push(decoder.push(bytes.subarray(at, at + chunkBytes)));
  return Buffer.concat(parts).toString();
}

describe("LogDecoder", () => {
  const texts = [
    "plain\n",
    "",
    'tab\t quote" backslash\\ slash/ bell\u0007 nul\u0000\r\n',
    "ü € 😀 \u2028\n",
    "no newline at the end",
  ];
  for (const text of texts)
    test(`gives back ${JSON.stringify(text)} as it was written`, () => {
      expect(decode(line(text))).toBe(text);
      expect(decode(line(text), {}, 3)).toBe(text);
    });

  test("reads \\u escapes of every length, and lone surrogates as U+FFFD", () => {
    const escaped = `{"log":"\\u003c\\u00fc\\u20ac\\ud83d\\ude00\\ud83dx\\n","stream":"stdout","time":"${T1}"}\n`;
    expect(decode(escaped)).toBe("<ü€😀\ufffdx\n");
  });

  test("frames every entry with its stream and its length", () => {
    const decoder = new LogDecoder({ ...all, framed: true, timestamps: true });
    const bytes = decoder.push(Buffer.from(line("out\n") + line("err\n", "stderr")));
    const pieces = [...new FrameDecoder().push(bytes)].map((piece) => [
      piece.stream,
      Buffer.from(piece.data).toString(),
    ]);
    expect(pieces).toEqual([
      [1, `${T1} out\n`],
      [2, `${T1} err\n`],
    ]);
  });

  test("merges neighbours of one stream into a frame for readers that do not count frames", () => {
    const decoder = new LogDecoder({ ...all, framed: true, timestamps: true, mergeFrames: true });
    const lines = [line("a\n"), line("b\n"), line("c\n", "stderr"), line("d\n")];
    const pieces = [...new FrameDecoder().push(decoder.push(Buffer.from(lines.join(""))))];
    expect(pieces.map((piece) => [piece.stream, Buffer.from(piece.data).toString()])).toEqual([
      [1, `${T1} a\n${T1} b\n`],
      [2, `${T1} c\n`],
      [1, `${T1} d\n`],
    ]);
  });

  test("leaves out streams nobody asked for", () => {
    const log = line("a\n") + line("b\n", "stderr") + line("c\n");
    expect(decode(log, { stderr: false })).toBe("a\nc\n");
    expect(decode(log, { stdout: false })).toBe("b\n");
  });

  test("prints times with nine digits, however many the file has", () => {
    const log = line("a\n") + line("b\n", "stdout", T2);
    expect(decode(log, { timestamps: true })).toBe(`${T1} a\n2026-11-21T03:04:05.500000000Z b\n`);
  });

  test("keeps to since and until, both included, and says when until is past", () => {
    const log = ["04", "05", "06", "07"]
      .map((s) => line(`${s}\n`, "stdout", `2026-11-21T03:04:${s}Z`))
      .join("");
    const since = parseNanos("2026-11-21T03:04:05Z");
    const until = parseNanos("2026-11-21T03:04:06Z");
    expect(decode(log, { since })).toBe("05\n06\n07\n");
    expect(decode(log, { until })).toBe("04\n05\n06\n");
    expect(decode(log, { since, until })).toBe("05\n06\n");
    const decoder = new LogDecoder({ ...all, until });
    decoder.push(Buffer.from(log));
    expect(decoder.isPastUntil).toBe(true);
  });

  test("prints details sorted and percent-encoded, behind the time", () => {
    const log = line("a\n", "stdout", T1, { tag: "x y", b: "ü" });
    expect(decode(log, { details: true, timestamps: true })).toBe(`${T1} b=%C3%BC,tag=x%20y a\n`);
  });

  test("reads entries with attributes, and with their fields in another order", () => {
    const reordered = `{"time":"${T1}","stream":"stderr","log":"b\\n"}\n`;
    const log = line("a\n", "stdout", T1, { tag: "x" }) + reordered;
    expect(decode(log)).toBe("a\nb\n");
    expect(decode(log, { stdout: false, timestamps: true })).toBe(`${T1} b\n`);
  });

  test("leaves out what a crash tore and half a line at the end", () => {
    expect(decode(`${line("a\n")}{"log":"to\n\0\0\0\n{}\n${line("b\n")}{"log":"half`)).toBe("a\nb\n");
  });
});
