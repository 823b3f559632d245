import { open } from "node:fs/promises";

/** How far a file that is still being written has come; what the daemon tells its helper, line by line. */
export interface Growth {
  /** Bytes that are there. */
  readonly bytes: number;
  readonly isComplete: boolean;
}

/** Less is not worth a read, unless it is the last. */
const READ_BYTES = 1 << 20;

/** A file read behind its writer. */
export class GrowingFile {
  readonly #path: string;
  #growth: Growth = { bytes: 0, isComplete: false };
  #grown = Promise.withResolvers<void>();

  constructor(path: string) {
    this.#path = path;
  }

  grow(growth: Growth): void {
    this.#growth = growth;
    this.#grown.resolve();
  }

  /** Its bytes to the end; waits where the writer has not been yet. */
  async *read(): AsyncGenerator<Uint8Array> {
    await using file = await open(this.#path, "r");
    for (let at = 0; ; ) {
      const { bytes, isComplete } = this.#growth;
      const count = Math.min(bytes - at, READ_BYTES);
      if (count === 0 && isComplete) return;
      if (count < READ_BYTES && !isComplete) {
        this.#grown = Promise.withResolvers();
        await this.#grown.promise;
        continue;
      }
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(count), 0, count, at);
      if (bytesRead === 0) throw new Error("the file is shorter than its writer said");
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}
