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
