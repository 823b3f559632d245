import { describe, expect, test } from "bun:test";
import { acceptKey, encodeWebSocketFrame, WebSocketDecoder } from "./websocket.ts";

/** A client's frame: masked. */
function masked(opcode: number, text: string): Buffer {
  const frame = encodeWebSocketFrame(opcode, Buffer.from(text));
  const headBytes = frame.byteLength - text.length;
  const head = Buffer.from(frame.subarray(0, headBytes));
  head[1]! |= 0x80;
  const mask = Buffer.from([1, 2, 3, 4]);
  const payload = Buffer.from(text).map((byte, i) => byte ^ mask[i & 3]!);
  return Buffer.concat([head, mask, payload]);
}

test("acceptKey() answers the example of RFC 6455", () => {
  expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

describe("WebSocketDecoder", () => {
  for (const size of [0, 5, 125, 126, 65535, 65536, 100_000])
    test(`takes a frame of ${size} bytes, whole and in pieces`, () => {
      const text = "x".repeat(size);
      const bytes = Buffer.concat([masked(2, text), masked(9, "ping")]);
      expect([...new WebSocketDecoder().push(bytes)].map((f) => [f.opcode, f.payload.byteLength])).toEqual([
        [2, size],
        [9, 4],
      ]);
      const decoder = new WebSocketDecoder();
      const cuts = [0, 1, 3, 7, 12, bytes.byteLength];
      const frames = cuts.slice(1).flatMap((cut, i) => [...decoder.push(bytes.subarray(cuts[i]!, cut))]);
      expect(frames[0]!.payload.toString()).toBe(text);
      expect(frames[1]!.payload.toString()).toBe("ping");
    });

  test("refuses unmasked, reserved and oversized frames", () => {
    const bad = [
      encodeWebSocketFrame(2, Buffer.from("x")),
      Buffer.from([0xf2, 0x80, 0, 0, 0, 0]),
      Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (const bytes of bad) expect(() => [...new WebSocketDecoder().push(bytes)]).toThrow("websocket:");
  });
});
