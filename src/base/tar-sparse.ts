/**
 * Maps of sparse files in the four ways GNU tar has written them.
 * @see https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html
 */
import { decodeRaw } from "./raw-text.ts";
import { readNumber, type SparseRun } from "./tar-header.ts";

/** Where the old format keeps its map: in the header itself, then in blocks of 21 runs each. */
export const OLD_SPARSE = {
  header: { at: 386, runs: 4, more: 482, realSize: [483, 12] },
  extension: { at: 0, runs: 21, more: 504 },
} as const;

/** @returns undefined when a number is malformed */
export function readOldRuns(block: Uint8Array, from: { at: number; runs: number }): SparseRun[] | undefined {
  const runs: SparseRun[] = [];
  for (let i = 0; i < from.runs; i++) {
    const at = from.at + i * 24;
    if (block[at] === 0) break;
    const offset = readNumber(block, [at, 12]);
    const length = readNumber(block, [at + 12, 12]);
    if (offset === undefined || length === undefined) return undefined;
    runs.push({ offset, length });
  }
  return runs;
}

/** Offset, length, offset, length … as decimal texts (formats 0.0 and 0.1). @returns undefined when malformed */
export function runsOfNumbers(numbers: readonly string[]): SparseRun[] | undefined {
  if (numbers.length % 2 !== 0 || !numbers.every(isCount)) return undefined;
  const runs: SparseRun[] = [];
  for (let i = 0; i < numbers.length; i += 2)
    runs.push({ offset: Number(numbers[i]), length: Number(numbers[i + 1]) });
  return runs;
}

/** Format 1.0: the map stands before the data, one number per line, filled up to a whole block. */
export class LeadingSparseMap {
  readonly #numbers: string[] = [];
  #line = "";

  /** @returns "more" when the map goes on in the next block, undefined when it is malformed */
  push(block: Uint8Array): SparseRun[] | "more" | undefined {
    const lines = (this.#line + decodeRaw(block)).split("\n");
    this.#line = lines.pop()!;
    for (const line of lines) this.#numbers.push(line);
    if (this.#numbers.length === 0) return this.#line.length > 20 ? undefined : "more";
    if (!isCount(this.#numbers[0]!)) return undefined;
    const wanted = 1 + 2 * Number(this.#numbers[0]);
    return this.#numbers.length < wanted ? "more" : runsOfNumbers(this.#numbers.slice(1, wanted));
  }
}

/** Whether the runs are in order, within the file, and hold as many bytes as the archive has for them. */
export function isValidSparseMap(runs: readonly SparseRun[], sizeBytes: number, dataBytes: number): boolean {
  let end = 0;
  let total = 0;
  for (const { offset, length } of runs) {
    if (offset < end || length < 0 || offset + length > sizeBytes) return false;
    end = offset + length;
    total += length;
  }
  return total === dataBytes;
}

function isCount(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
