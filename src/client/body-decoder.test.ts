import { describe, expect, test } from "bun:test";
import { type BodyDecoder, bodyDecoderFor } from "./body-decoder.ts";

function decode(decoder: BodyDecoder, text: string, size: number): { body: string; rest: string } {
  const bytes = Buffer.from(text);
  let body = "";
  let at = 0;
  for (; at < bytes.length && !decoder.done; at += size)
    for (const piece of decoder.push(bytes.subarray(at, at + size))) body += Buffer.from(piece).toString();
  return {
    body,
    rest: Buffer.from(decoder.rest).toString() + bytes.subarray(Math.min(at, bytes.length)).toString(),
  };
}

describe("bodyDecoderFor()", () => {
  const cases: {
    name: string;
    method: string;
    status: number;
    headers: Record<string, string>;
    bytes: string;
  }[] = [
    { name: "a length", method: "GET", status: 200, headers: { "content-length": "4" }, bytes: "bodynext" },
    {
      name: "chunks",
      method: "GET",
      status: 200,
      headers: { "transfer-encoding": "chunked" },
      bytes: "3;x=1\r\nbod\r\n1\r\ny\r\n0\r\nT: v\r\n\r\nnext",
    },
  ];
  for (const { name, method, status, headers, bytes } of cases)
    for (const size of [1, 2, 7, 100])
      test(`bodyDecoderFor() ends a body with ${name} where it ends, read ${size} bytes at a time`, () => {
        const decoder = bodyDecoderFor(method, { status, headers });
        expect(decode(decoder, bytes, size)).toEqual({ body: "body", rest: "next" });
        expect(decoder.done).toBe(true);
      });

  for (const [method, status] of [
    ["HEAD", 200],
    ["GET", 204],
    ["POST", 304],
  ] as const)
    test(`bodyDecoderFor() expects no body after ${method} answered with ${status}`, () => {
      expect(bodyDecoderFor(method, { status, headers: { "content-length": "9" } }).done).toBe(true);
    });

  test("bodyDecoderFor() reads to the end of the connection when nothing else is said", () => {
    const decoder = bodyDecoderFor("GET", { status: 200, headers: {} });
    expect(decode(decoder, "all of it", 4).body).toBe("all of it");
    expect(decoder.endsWithConnection).toBe(true);
  });

  for (const bytes of ["x\r\n", "3\r\nbody\r\n0\r\n\r\n"])
    test(`bodyDecoderFor() refuses the chunks ${JSON.stringify(bytes)}`, () => {
      const decoder = bodyDecoderFor("GET", { status: 200, headers: { "transfer-encoding": "chunked" } });
      expect(() => decode(decoder, bytes, 100)).toThrow("invalid chunk");
    });
});
