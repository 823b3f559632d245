import { describe, expect, test } from "bun:test";
import { BodyDecoder, type BodyPosition, parseChunkLine } from "./http-chunks.ts";

const CHUNKED: BodyPosition = { isChunked: true, leftBytes: 0 };

/** The body in `text`, given in pieces of one size, and what is left behind it. */
function decode(position: BodyPosition, text: string, pieceBytes: number) {
  const decoder = new BodyDecoder(position);
  const all = Buffer.from(text, "latin1");
  let body = "";
  let used = 0;
  for (let at = 0; at < all.length && !decoder.isDone; at += pieceBytes) {
    const piece = Buffer.from(all.subarray(at, at + pieceBytes));
    const result = decoder.decode(piece, piece.length);
    body += piece.toString("latin1", 0, result.bytes);
    used = at + result.used;
  }
  return { body, beyond: text.slice(used), isDone: decoder.isDone };
}

const bodies: { name: string; position: BodyPosition; text: string; body: string; beyond?: string }[] = [
  {
    name: "a length",
    position: { isChunked: false, leftBytes: 5 },
    text: "helloGET",
    body: "hello",
    beyond: "GET",
  },
  { name: "no length", position: { isChunked: false, leftBytes: 0 }, text: "GET", body: "", beyond: "GET" },
  {
    name: "chunks",
    position: CHUNKED,
    text: "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\nGET",
    body: "hello!",
    beyond: "GET",
  },
  {
    name: "a chunk under way",
    position: { isChunked: true, leftBytes: 3 },
    text: "llo\r\n0\r\n\r\n",
    body: "llo",
  },
  { name: "trailer fields", position: CHUNKED, text: "1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n", body: "a" },
];

describe("BodyDecoder", () => {
  test.each(bodies)("takes $name out of pieces of any size", ({ position, text, body, beyond = "" }) => {
    for (const pieceBytes of [1, 2, 3, 7, 100])
      expect(decode(position, text, pieceBytes)).toEqual({ body, beyond, isDone: true });
  });

  test.each([
    ["a size that is none", "x\r\n", "malformed chunk size"],
    ["a line without its first end", "5\n", "malformed chunk size"],
    ["a sign", "-1\r\n", "malformed chunk size"],
    ["a chunk longer than it says", "1\r\nab\r\n", "malformed chunk"],
    ["a chunk without its end", "1\r\na\n", "malformed chunk"],
    ["a long line", `1;${"x".repeat(5000)}`, "malformed chunk"],
    ["many trailer fields", `0\r\n${"a: b\r\n".repeat(101)}`, "too many trailer fields"],
  ])("refuses %s", (_, text, reason) => {
    for (const pieceBytes of [1, 7, 10_000]) expect(() => decode(CHUNKED, text, pieceBytes)).toThrow(reason);
  });
});

test("parseChunkLine() takes sizes as clients write them, and nothing else", () => {
  expect(
    ["0\r\n", "1F\r\n", "a ; b=c\r\n", "", "0x1\r\n", "1", "1234567890abc\r\n"].map(parseChunkLine),
  ).toEqual([0, 31, 10, undefined, undefined, undefined, undefined]);
});
