import { type LogFile, readCompressed } from "./files.ts";
import type { LogFormat } from "./format.ts";

/** A place in a log: the file, an entry of it, and lines of that entry to leave out. */
export interface TailStart {
  readonly index: number;
  readonly offset: number;
  readonly skipLines: number;
}

/** Where the last `lines` lines begin in `files`, oldest first. Plain files are read from their end, compressed ones twice. */
export async function findTail(
  files: readonly LogFile[],
  format: LogFormat,
  lines: number,
): Promise<TailStart> {
  let left = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index]!;
    if (file.isCompressed) {
      const counted = await countLines(file, format);
      if (counted >= left) return { index, offset: format.headBytes, skipLines: counted - left };
      left -= counted;
      continue;
    }
    const found = format.findTail(file.fd, left, file.sizeBytes);
    if (found.offset !== undefined) return { index, offset: found.offset, skipLines: found.skipLines };
    left -= found.lines;
  }
  return { index: 0, offset: format.headBytes, skipLines: 0 };
}

async function countLines(file: LogFile, format: LogFormat): Promise<number> {
  const counter = format.createCounter();
  let head = format.headBytes;
  for await (const chunk of readCompressed(file)) {
    counter.push(head > 0 ? chunk.subarray(head) : chunk);
    head = Math.max(0, head - chunk.length);
  }
  return counter.lines;
}
