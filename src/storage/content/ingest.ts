import { constants, createReadStream, existsSync, rmSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type Digest, DigestMeter, parseDigest } from "#base/digest.ts";
import { Internal, InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { Turns } from "#base/turns.ts";
import type { BlobInfo, Ingest } from "../types.ts";

export interface IngestPlace {
  /** Names the ingest in errors. */
  readonly key: string;
  /** Where the bytes are collected; its size is the offset to resume from. */
  readonly file: string;
  readonly blobPath: (digest: Digest) => string;
  /** Held until the ingest is disposed. */
  readonly lock: Disposable;
  /** Of all that come into the store: what is hashed here would keep this thread from everything else. */
  readonly turns: Turns;
}

/** Opens the file, or begins it, and hashes what an earlier writer left. The lock is released when this fails. */
export async function openIngest(place: IngestPlace): Promise<Ingest> {
  try {
    const handle = await open(place.file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    return new FileIngest(place, handle, await meterOf(place.file));
  } catch (error) {
    place.lock[Symbol.dispose]();
    throw error;
  }
}

class FileIngest implements Ingest {
  readonly #place: IngestPlace;
  readonly #handle: FileHandle;
  #meter: DigestMeter;
  #open = true;
  #isBroken = false;

  constructor(place: IngestPlace, handle: FileHandle, meter: DigestMeter) {
    this.#place = place;
    this.#handle = handle;
    this.#meter = meter;
  }

  get offset(): number {
    return this.#meter.bytes;
  }

  get file(): string {
    return this.#place.file;
  }

  async write(...chunks: readonly Uint8Array[]): Promise<void> {
    this.#assertOpen();
    const { turns } = this.#place;
    if (turns.isOver) await turns.next();
    const writing = this.#named(this.#writeAt(chunks, this.#meter.bytes));
    writing.catch(() => {}); // heard of below, whatever hashing does
    for (const chunk of chunks) this.#meter.update(chunk); // while another thread writes
    try {
      await writing;
    } catch (error) {
      this.#isBroken = true; // the meter is ahead of the file: whoever goes on must open it anew
      throw error;
    }
  }

  async #writeAt(chunks: readonly Uint8Array[], offset: number): Promise<void> {
    let at = offset;
    for (let left = chunks.filter(({ byteLength }) => byteLength > 0); left.length > 0; ) {
      const { bytesWritten } = await this.#handle.writev(left as NodeJS.ArrayBufferView[], at);
      at += bytesWritten;
      left = after(left, bytesWritten);
    }
  }

  digest(): Digest {
    return this.#meter.peek();
  }

  async restart(): Promise<void> {
    this.#assertOpen();
    await this.#handle.truncate(0);
    this.#meter = new DigestMeter();
  }

  async commit(expected: { readonly digest?: Digest; readonly sizeBytes?: number } = {}): Promise<BlobInfo> {
    this.#assertOpen();
    const sizeBytes = this.#meter.bytes;
    if (expected.sizeBytes !== undefined && expected.sizeBytes !== sizeBytes)
      await this.#refuse(`${sizeBytes} bytes instead of ${expected.sizeBytes}`);
    const digest = await this.#digest(expected.digest);
    if (expected.digest !== undefined && expected.digest !== digest)
      await this.#refuse(`its digest is ${digest} instead of ${expected.digest}`);
    await this.#publish(this.#place.blobPath(digest));
    return { digest, sizeBytes };
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    rmSync(this.#place.file, { force: true });
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      await this.#handle.close();
    } finally {
      this.#place.lock[Symbol.dispose]();
    }
  }

  /** Bytes are hashed with sha256 as they come; another algorithm, which is rare, reads the file once more. */
  async #digest(expected: Digest | undefined): Promise<Digest> {
    const algorithm = expected === undefined ? "sha256" : parseDigest(expected).algorithm;
    if (algorithm === "sha256") return this.#meter.digest();
    return (await meterOf(this.#place.file, algorithm)).digest();
  }

  /** The bytes reach the disk before the name does: a crash cannot leave a blob that is not what its name says. */
  async #publish(blobPath: string): Promise<void> {
    if (existsSync(blobPath)) return await this.abort();
    await this.#named(this.#handle.sync());
    await rename(this.#place.file, blobPath);
    await syncDirectory(dirname(blobPath));
    await this[Symbol.asyncDispose]();
  }

  async #refuse(reason: string): Promise<never> {
    await this.abort();
    throw new InvalidArgument(`content ${this.#place.key} was not as expected: ${reason}`);
  }

  /** The system says that a disk is full, not which. */
  async #named<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!isErrno(error, "ENOSPC") && !isErrno(error, "EDQUOT")) throw error;
      const { key, file } = this.#place;
      throw new Internal(`cannot store ${key} in ${dirname(file)}: no space left on device`, {
        cause: error,
        hint: "free disk space below the data root, or move it to a larger disk",
      });
    }
  }

  #assertOpen(): void {
    if (!this.#open || this.#isBroken) throw new Error(`ingest ${this.#place.key} is closed`);
  }
}

/** What is left of pieces when so much of them has gone. */
function after(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let rest = bytes;
  return chunks.flatMap((chunk) => {
    const left = chunk.subarray(Math.min(rest, chunk.byteLength));
    rest = Math.max(0, rest - chunk.byteLength);
    return left.byteLength > 0 ? [left] : [];
  });
}

async function meterOf(file: string, algorithm: "sha256" | "sha512" = "sha256"): Promise<DigestMeter> {
  const meter = new DigestMeter(algorithm);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) meter.update(chunk);
  return meter;
}

async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}
