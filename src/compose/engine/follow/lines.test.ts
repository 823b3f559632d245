import { expect, test } from "bun:test";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { type LogSink, pumpLines } from "./lines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function collect(pieces: readonly Uint8Array[], isRaw: boolean): Promise<string[]> {
  const lines: string[] = [];
  const sink: LogSink = {
    line: async (source, text, isError) => void lines.push(`${source}${isError ? "!" : ":"} ${text}`),
    status: async () => {},
  };
  const stream = async function* () {
    yield* pieces;
  };
  await pumpLines(stream(), { source: "web", isRaw, sink });
  return lines;
}

test("pumpLines() hands on whole lines of both streams, however they are cut, and the rest at the end", async () => {
  const framed = Buffer.concat([
    encodeFrame(STREAM.stdout, bytes("one\ntw")),
    encodeFrame(STREAM.stderr, bytes("oops\n")),
    encodeFrame(STREAM.stdout, bytes("o\nthr€e")),
  ]);
  const cut = [...framed].map((byte) => Uint8Array.of(byte));
  expect(await collect(cut, false)).toEqual(["web: one", "web! oops", "web: two", "web: thr€e"]);
});

test("pumpLines() takes a terminal's output as it is, without its carriage returns", async () => {
  expect(await collect([bytes("a\r\nb")], true)).toEqual(["web: a", "web: b"]);
});

test("pumpLines() does not collect a line without end", async () => {
  const lines = await collect([bytes("x".repeat(100_000)), bytes("y".repeat(100_000))], true);
  expect(lines.length).toBeGreaterThan(1);
});
