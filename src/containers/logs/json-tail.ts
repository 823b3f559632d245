import { readSync } from "node:fs";
import type { TailInFile } from "./types.ts";

const TAIL_BLOCK_BYTES = 64 * 1024;
const NEWLINE = 10;

/** In a json-file log every line is an entry. Reads backwards from the end; half a line behind the last one is not counted. */
export function jsonTail(fd: number, wanted: number, size: number): TailInFile {
  const block = Buffer.allocUnsafe(TAIL_BLOCK_BYTES);
  let lines = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const length = readSync(fd, block, 0, end - start, start);
    for (let at = length - 1; at >= 0; at--) {
      if (block[at] !== NEWLINE) continue;
      if (lines === wanted) return { offset: start + at + 1, skipLines: 0, lines };
      lines += 1;
    }
    end = start;
  }
  return { offset: lines === wanted ? 0 : undefined, skipLines: 0, lines };
}
