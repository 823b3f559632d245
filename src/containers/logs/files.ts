import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { isErrno } from "#base/fs.ts";

/** An open file of a log. The inode tells it from its successors whatever it is called by now. */
export interface LogFile extends Disposable {
  readonly fd: number;
  readonly inode: number;
}

/** More rotated files than any configuration keeps; the search ends there. */
const MAX_FILES = 1000;
const TAIL_BLOCK_BYTES = 64 * 1024;
const NEWLINE = 10;

/**
 * Opens all files of a log, oldest first: "x.2", "x.1", "x". They are opened newest first, so that a rotation in
 * between shows one file twice, which is noticed, instead of hiding one.
 */
export function openLogFiles(path: string): LogFile[] {
  const files: LogFile[] = [];
  for (let age = 0; age < MAX_FILES; age++) {
    const file = openIfExists(age === 0 ? path : `${path}.${age}`);
    if (!file && age > 0) break;
    if (!file) continue; // just renamed away; its successor is not made yet
    if (files.at(-1)?.inode === file.inode) file[Symbol.dispose]();
    else files.push(file);
  }
  return files.reverse();
}

/** The file that was begun after the one with this inode; the oldest there is when that one is gone already. */
export function openNextFile(path: string, inode: number): LogFile | undefined {
  const files = openLogFiles(path);
  const next = files[files.findIndex((file) => file.inode === inode) + 1];
  for (const file of files) if (file !== next) file[Symbol.dispose]();
  return next;
}

/** Whether `path` is another file by now. Between the two steps of a rotation there is none: then not yet. */
export function isRotated(path: string, file: LogFile): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.ino !== file.inode;
}

/** Where the last `lines` lines begin: a place in `files`, oldest first. Reads backwards from the end. */
export function findTail(
  files: readonly LogFile[],
  lines: number,
): { readonly index: number; readonly offset: number } {
  const block = Buffer.allocUnsafe(TAIL_BLOCK_BYTES);
  let left = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const found = findLinesFromEnd(files[index]!.fd, left, block);
    if (found.offset !== undefined) return { index, offset: found.offset };
    left -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/** @returns the offset of the last `wanted` lines, or how many lines there are where they are fewer */
function findLinesFromEnd(fd: number, wanted: number, block: Buffer): { offset?: number; lines: number } {
  let lines = 0; // ended by a newline; half a line behind the last one is not counted
  for (let end = fstatSync(fd).size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const length = readSync(fd, block, 0, end - start, start);
    for (let at = length - 1; at >= 0; at--) {
      if (block[at] !== NEWLINE) continue;
      if (lines === wanted) return { offset: start + at + 1, lines };
      lines += 1;
    }
    end = start;
  }
  return lines === wanted ? { offset: 0, lines } : { lines };
}

function openIfExists(path: string): LogFile | undefined {
  try {
    const fd = openSync(path, "r");
    return { fd, inode: fstatSync(fd).ino, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
