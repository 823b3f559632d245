import type { FileJob } from "./job.ts";

const NEWLINE = 10;

/** The first line of the input as a job, and the bytes after it. */
export async function readJob(
  input: AsyncIterable<Uint8Array>,
): Promise<{ readonly job: FileJob; readonly rest: AsyncGenerator<Uint8Array> }> {
  const chunks = input[Symbol.asyncIterator]();
  const line: Uint8Array[] = [];
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    const end = next.value.indexOf(NEWLINE);
    line.push(end < 0 ? next.value : next.value.subarray(0, end));
    if (end < 0) continue;
    const job = JSON.parse(Buffer.concat(line).toString("utf8")) as FileJob;
    return { job, rest: restOf(chunks, next.value.subarray(end + 1)) };
  }
  throw new Error("no job was given");
}

async function* restOf(chunks: AsyncIterator<Uint8Array>, first: Uint8Array): AsyncGenerator<Uint8Array> {
  if (first.byteLength > 0) yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}
