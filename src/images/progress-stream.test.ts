import { expect, test } from "bun:test";
import { NotFound } from "#base/errors.ts";
import { progressLine, statusLine } from "./progress.ts";
import { streamProgress } from "./progress-stream.ts";

const bar = (current: number) => progressLine("a", "Downloading", { current, total: 10 });

test("streamProgress() hands on lines in their order", async () => {
  const stream = streamProgress(async (emit) => {
    emit(statusLine("one"));
    await Bun.sleep(1);
    emit(statusLine("two"));
  });
  expect((await Array.fromAsync(stream)).map(({ status }) => status)).toEqual(["one", "two"]);
});

test("streamProgress() throws a failure before the first line, and tells a later one as the last line", async () => {
  const failing = streamProgress(async () => {
    throw new NotFound("no such thing");
  });
  await expect(Array.fromAsync(failing)).rejects.toThrow("no such thing");
  const late = streamProgress(async (emit) => {
    emit(statusLine("begun"));
    throw new NotFound("gone");
  });
  expect(await Array.fromAsync(late)).toEqual([
    { status: "begun" },
    { errorDetail: { message: "gone" }, error: "gone" },
  ]);
});

test("streamProgress() keeps only the latest bar of a layer for a slow reader", async () => {
  const stream = streamProgress(async (emit) => {
    for (let current = 0; current <= 10; current++) emit(bar(current));
    emit(statusLine("done"));
  });
  expect(await Array.fromAsync(stream)).toEqual([bar(10), { status: "done" }]);
});

test("streamProgress() ends the job when the reader leaves, and waits for its end", async () => {
  let ended = false;
  const stream = streamProgress(async (emit, signal) => {
    emit(statusLine("begun"));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Bun.sleep(1);
    ended = true;
  });
  for await (const _first of stream) break;
  expect(ended).toBe(true);
});

test("streamProgress() ends the job when the caller's signal fires", async () => {
  const abort = new AbortController();
  const stream = streamProgress(async (emit, signal) => {
    emit(statusLine("begun"));
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new Error("context canceled"))),
    );
  }, abort.signal);
  const lines: unknown[] = [];
  for await (const line of stream) {
    lines.push(line.status ?? line.error);
    abort.abort();
  }
  expect(lines).toEqual(["begun", "context canceled"]);
});
