import type { ProgressLine } from "#spec/docker/images.ts";
import { progressError } from "./deliver.ts";
import { type StreamReply, stream } from "./handler.ts";

/** Docker's progress as JSON, a line each; a failure half-way becomes the last line. */
export function progressStream(lines: AsyncIterable<ProgressLine>): StreamReply {
  return stream(encodeLines(lines, "\r\n"), { contentType: "application/json", lastWords: progressError });
}

/** The same for clients that look for faults among the lines alone: also one that comes before any line is one of them. */
export function progressStreamWithFaults(lines: AsyncIterable<ProgressLine>): StreamReply {
  return stream(withFaults(encodeLines(lines, "\r\n")), { contentType: "application/json" });
}

async function* withFaults(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  try {
    yield* pieces;
  } catch (error) {
    yield progressError(error);
  }
}

async function* encodeLines(values: AsyncIterable<unknown>, lineEnd = "\n"): AsyncGenerator<string> {
  for await (const value of values) yield JSON.stringify(value) + lineEnd;
}
