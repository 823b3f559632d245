import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { isErrno } from "#base/fs.ts";

/** An open file of a log, whatever it is called by now. */
export interface LogFile extends Disposable {
  readonly fd: number;
  readonly inode: number;
  /** When it was opened: whoever does not follow reads so far, and counts lines from there. */
  readonly sizeBytes: number;
  /** Rotated and compressed: it can only be read forwards. */
  readonly isCompressed: boolean;
  /** Its first bytes, uncompressed: they tell it from every other file. */
  beginning(): Buffer;
}

/** More rotated files than any configuration keeps; the search ends there. */
const MAX_FILES = 1000;
/** Enough of a file to tell it from every other: its first entry has a time in nanoseconds. */
const IDENTITY_BYTES = 512;
const COMPRESSED_IDENTITY_BYTES = 4096;

/**
 * Opens all files of a log, oldest first: "x.2.gz", "x.1", "x". They are opened newest first, so that a rotation in
 * between shows one file twice, which is noticed, instead of hiding one.
 */
export function openLogFiles(path: string): LogFile[] {
  const files: LogFile[] = [];
  for (let age = 0; age < MAX_FILES; age++) {
    const file = age === 0 ? openIfExists(path, false) : openRotated(`${path}.${age}`);
    if (!file && age > 0) break;
    if (!file) continue; // just renamed away; its successor is not made yet
    const newer = files.at(-1);
    if (newer && isSame(newer, file)) file[Symbol.dispose]();
    else files.push(file);
  }
  return files.reverse();
}

/** The file that was begun after this one; the oldest there is when it is gone already. */
export function openNextFile(path: string, current: LogFile | undefined): LogFile | undefined {
  const files = openLogFiles(path);
  const at = current ? files.findIndex((file) => isSame(file, current)) : -1;
  const next = files[at + 1];
  for (const file of files) if (file !== next) file[Symbol.dispose]();
  return next;
}

/** Whether `path` is another file by now. Between the two steps of a rotation there is none: then not yet. */
export function isRotated(path: string, file: LogFile): boolean {
  if (file.isCompressed) return true;
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.ino !== file.inode;
}

/** The whole of a compressed file, in chunks. */
export async function* readCompressed(file: LogFile): AsyncGenerator<Uint8Array> {
  const source = createReadStream("", { fd: file.fd, autoClose: false, start: 0 });
  yield* source.pipe(createGunzip({ chunkSize: 256 * 1024 })) as AsyncIterable<Uint8Array>;
}

/** While both are open an inode means one file; a compressed one is known by how it begins. */
function isSame(one: LogFile, other: LogFile): boolean {
  if (one.isCompressed === other.isCompressed && one.inode === other.inode) return true;
  if (!one.isCompressed && !other.isCompressed) return false;
  const [beginning, otherBeginning] = [one.beginning(), other.beginning()];
  return beginning.length > 0 && beginning.equals(otherBeginning);
}

function beginningOf(fd: number, isCompressed: boolean): Buffer {
  const bytes = Buffer.alloc(isCompressed ? COMPRESSED_IDENTITY_BYTES : IDENTITY_BYTES);
  const read = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  if (!isCompressed) return read;
  try {
    const begun = { finishFlush: constants.Z_SYNC_FLUSH }; // it is cut off: that is no error
    return gunzipSync(read, begun).subarray(0, IDENTITY_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Plain, compressed, or just turned from the one into the other. */
function openRotated(path: string): LogFile | undefined {
  return openIfExists(path, false) ?? openIfExists(`${path}.gz`, true) ?? openIfExists(path, false);
}

function openIfExists(path: string, isCompressed: boolean): LogFile | undefined {
  try {
    const fd = openSync(path, "r");
    const { ino: inode, size: sizeBytes } = fstatSync(fd);
    return {
      fd,
      inode,
      sizeBytes,
      isCompressed,
      beginning: () => beginningOf(fd, isCompressed),
      [Symbol.dispose]: () => closeSync(fd),
    };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
