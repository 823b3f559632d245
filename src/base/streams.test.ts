import { expect, test } from "bun:test";
import { collectBytes, limitBytes, peek, splitLines, tap } from "./streams.ts";

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

const textOf = async (source: AsyncIterable<Uint8Array>) =>
  Buffer.from(await collectBytes(source, 1000, "test")).toString();

test("tap() shows every chunk and changes nothing", async () => {
  let seen = 0;
  expect(await textOf(tap(chunks("ab", "c"), (chunk) => (seen += chunk.byteLength)))).toBe("abc");
  expect(seen).toBe(3);
});

test("limitBytes() throws at the chunk that passes the limit", async () => {
  expect(await textOf(limitBytes(chunks("ab", "cd"), 4, "body"))).toBe("abcd");
  expect(textOf(limitBytes(chunks("ab", "cd"), 3, "body"))).rejects.toThrow("body: more than 3 bytes");
});

test("splitLines() joins lines across chunks and keeps a last line without newline", async () => {
  expect(await Array.fromAsync(splitLines(chunks("a\nb", "c\n", "\nlä", "st")))).toEqual([
    "a",
    "bc",
    "",
    "läst",
  ]);
});

test("splitLines() refuses a line without end", () => {
  expect(Array.fromAsync(splitLines(chunks("aaaa", "aaaa"), 6))).rejects.toThrow("longer than 6 bytes");
});

test.each([0, 1, 3, 4, 9])("peek() of %i bytes leaves the source whole", async (count) => {
  const { head, all } = await peek(chunks("a", "bcd", "ef"), count);
  expect(Buffer.from(head).toString()).toBe("abcdef".slice(0, count));
  expect(await textOf(all)).toBe("abcdef");
});

test("peek() closes the source when its reader stops early", async () => {
  let closed = false;
  async function* source() {
    try {
      yield Buffer.from("a");
      yield Buffer.from("b");
    } finally {
      closed = true;
    }
  }
  const { all } = await peek(source(), 1);
  for await (const _ of all) break;
  expect(closed).toBe(true);
});
