import { fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { isRotated, type LogFile, openLogFiles, readCompressed } from "../files.ts";
import { LOCAL_FILE_HEAD_BYTES, readFileBase } from "../local-records.ts";
import { LOG_NAME } from "./spool.ts";

const CHUNK_BYTES = 256 * 1024;

interface OpenFile {
  readonly file: LogFile;
  /** Bytes of records in all files before this one. */
  readonly base: number;
}

/** A piece of a container's whole log. */
export interface SpoolChunk {
  readonly bytes: Uint8Array;
  /** Of its first byte. */
  readonly position: number;
  /** Bytes that were rotated away before anybody read them. */
  readonly lostBytes: number;
}

/** Reads a spool's records on from a position, through rotations. */
export class SpoolReader implements Disposable {
  readonly #path: string;
  readonly #block = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #open: OpenFile | undefined;
  #position: number;

  constructor(directory: string, position: number) {
    this.#path = join(directory, LOG_NAME);
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** How much is written and not read yet. */
  get lagBytes(): number {
    const files = openFiles(this.#path);
    const newest = files.at(-1);
    const end = newest ? newest.base + sizeOf(newest) : this.#position;
    for (const { file } of files) file[Symbol.dispose]();
    return Math.max(0, end - this.#position);
  }

  /** What comes next; nothing at the end of what is written. The bytes are valid until the next call. */
  async *read(): AsyncGenerator<SpoolChunk> {
    for (;;) {
      this.#open ??= this.#find();
      const current = this.#open;
      if (!current) return;
      const wasRotated = isRotated(this.#path, current.file); // asked first: nobody writes to a rotated file any more
      yield* current.file.isCompressed ? this.#readCompressed(current) : this.#readPlain(current);
      if (!wasRotated && this.#open) return;
      this.#close();
      const next = this.#find();
      if (!next) return;
      if (wasRotated && next.base <= current.base) {
        next.file[Symbol.dispose]();
        return; // the successor is not made yet
      }
      this.#open = next;
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  *#readPlain({ file, base }: OpenFile): Generator<SpoolChunk> {
    let lostBytes = this.#enter(base);
    for (;;) {
      const at = this.#position - base + LOCAL_FILE_HEAD_BYTES;
      const length = readSync(file.fd, this.#block, 0, CHUNK_BYTES, at);
      if (length === 0) {
        if (fstatSync(file.fd).size < at) this.#close(); // a log of one file is emptied instead of rotated
        return;
      }
      const position = this.#position;
      this.#position += length;
      yield { bytes: this.#block.subarray(0, length), position, lostBytes };
      lostBytes = 0;
    }
  }

  async *#readCompressed({ file, base }: OpenFile): AsyncGenerator<SpoolChunk> {
    let lostBytes = this.#enter(base);
    let at = base - LOCAL_FILE_HEAD_BYTES;
    for await (const chunk of readCompressed(file)) {
      const skipped = Math.max(0, Math.min(chunk.length, this.#position - at));
      at += chunk.length;
      if (skipped === chunk.length) continue;
      const position = this.#position;
      this.#position = at;
      yield { bytes: chunk.subarray(skipped), position, lostBytes };
      lostBytes = 0;
    }
  }

  /** @returns bytes between what was read last and this file */
  #enter(base: number): number {
    const lost = Math.max(0, base - this.#position);
    this.#position = Math.max(base, this.#position);
    return lost;
  }

  /** The file the position is in, or the oldest after it. One that ends exactly there is only taken where no other follows. */
  #find(): OpenFile | undefined {
    const files = openFiles(this.#path);
    const isBehind = ({ base }: OpenFile) => base > this.#position;
    const successor = files.findIndex(isBehind);
    let index = successor < 0 ? files.length - 1 : Math.max(0, successor - 1);
    const candidate = files[index];
    const isReadOut =
      candidate && !candidate.file.isCompressed && candidate.base + sizeOf(candidate) <= this.#position;
    if (isReadOut && index + 1 < files.length) index += 1;
    const found = files[index];
    for (const other of files) if (other !== found) other.file[Symbol.dispose]();
    return found;
  }

  #close(): void {
    this.#open?.file[Symbol.dispose]();
    this.#open = undefined;
  }
}

function sizeOf({ file }: OpenFile): number {
  return Math.max(0, fstatSync(file.fd).size - LOCAL_FILE_HEAD_BYTES);
}

/** Oldest first; files that are no logs are left out. */
function openFiles(path: string): OpenFile[] {
  return openLogFiles(path).flatMap((file) => {
    const base = readFileBase(file.beginning());
    if (base !== undefined) return [{ file, base }];
    file[Symbol.dispose]();
    return [];
  });
}
