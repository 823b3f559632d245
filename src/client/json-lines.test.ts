import { expect, test } from "bun:test";
import { jsonLines } from "./json-lines.ts";

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

for (const size of [1, 5, 100])
  test(`jsonLines() gives each value once when pieces have ${size} bytes`, async () => {
    const values = await Array.fromAsync(jsonLines(pieces('{"a":"ü"}\r\n\n{"b":2}\n{"c":3}', size)));
    expect(values).toEqual([{ a: "ü" }, { b: 2 }, { c: 3 }]);
  });

test("jsonLines() lets the caller read a line in its own way", async () => {
  expect(await Array.fromAsync(jsonLines(pieces("1\n2\n", 3), (line) => `<${line}>`))).toEqual([
    "<1>",
    "<2>",
  ]);
});
