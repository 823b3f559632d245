import { describe, expect, test } from "bun:test";
import { encodeFrame, FrameDecoder, STREAM } from "./std-copy.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe("encodeFrame()", () => {
  test("encodeFrame() puts stream and big-endian length before the payload", () => {
    expect([...encodeFrame(STREAM.stderr, bytes("hi"))]).toEqual([2, 0, 0, 0, 0, 0, 0, 2, 104, 105]);
  });
});

describe("FrameDecoder", () => {
  const stream = Buffer.concat([
    encodeFrame(STREAM.stdout, bytes("first")),
    encodeFrame(STREAM.stderr, bytes("")),
    encodeFrame(STREAM.stderr, bytes("second")),
  ]);

  for (const size of [1, 3, 8, 9, 1000])
    test(`FrameDecoder gives each stream its text when chunks have ${size} bytes`, () => {
      const decoder = new FrameDecoder();
      const got = { 1: "", 2: "" } as Record<number, string>;
      for (let at = 0; at < stream.length; at += size)
        for (const piece of decoder.push(stream.subarray(at, at + size)))
          got[piece.stream] += text(piece.data);
      expect(got).toEqual({ 1: "first", 2: "second" });
      expect(decoder.isAtBoundary).toBe(true);
    });

  test("FrameDecoder knows that a frame is unfinished", () => {
    const decoder = new FrameDecoder();
    for (const _ of decoder.push(stream.subarray(0, 10)));
    expect(decoder.isAtBoundary).toBe(false);
  });

  test("FrameDecoder refuses bytes that are no frame", () => {
    expect(() => [...new FrameDecoder().push(bytes("plain text"))]).toThrow("unrecognized stream number 112");
  });
});

test("FrameDecoder.pushJoined() gives what push() gives, in as few pieces as the streams allow", () => {
  const frames = [
    encodeFrame(STREAM.stdout, Buffer.from("one ")),
    encodeFrame(STREAM.stdout, Buffer.from("")),
    encodeFrame(STREAM.stdout, Buffer.from("two ")),
    encodeFrame(STREAM.stderr, Buffer.from("oops ")),
    encodeFrame(STREAM.stdout, Buffer.from("three")),
  ];
  const all = Buffer.concat(frames);
  const whole = Buffer.from(all);
  const runs = new FrameDecoder().pushJoined(whole);
  expect(runs.map(({ stream, begin, end }) => `${stream}:${whole.subarray(begin, end)}`)).toEqual([
    "1:one two ",
    "2:oops ",
    "1:three",
  ]);
  for (let size = 1; size < all.length; size++) {
    const joined = new FrameDecoder();
    const texts: Record<number, string> = { 1: "", 2: "" };
    for (let at = 0; at < all.length; at += size) {
      const chunk = Buffer.from(all.subarray(at, at + size));
      for (const { stream, begin, end } of joined.pushJoined(chunk))
        texts[stream] += chunk.toString("utf8", begin, end);
    }
    expect([size, texts]).toEqual([size, { 1: "one two three", 2: "oops " }]);
    expect(joined.isAtBoundary).toBe(true);
  }
});
