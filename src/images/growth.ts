import { closeSync, openSync } from "node:fs";
import type { GrowingBlob } from "#storage/types.ts";

/** What a download says of itself, while its file has that name. */
export interface DownloadProgress {
  readonly currentBytes: number;
  /** Where the bytes are collected. */
  readonly file: string;
}

/** A blob on its way, for somebody who unpacks it meanwhile. */
export class Growth implements GrowingBlob, Disposable {
  #bytes = 0;
  #isComplete = false;
  /** Bytes that were told before turned out to be wrong: nobody may go by them any more. */
  hasShrunk = false;
  #listener: ((bytes: number, isComplete: boolean) => void) | undefined;
  /** Kept open: the file gets another name when it is complete. */
  #fd: number | undefined;
  readonly #path = Promise.withResolvers<string>();

  /** Whether there is a first byte. */
  get hasBegun(): boolean {
    return this.#fd !== undefined;
  }

  /** Where it can be read as long as this is not disposed, whatever its name is by then. Resolves with the first byte. */
  path(): Promise<string> {
    return this.#path.promise;
  }

  follow(listener: (bytes: number, isComplete: boolean) => void): Disposable {
    this.#listener = listener;
    listener(this.#bytes, this.#isComplete);
    return {
      [Symbol.dispose]: () => {
        this.#listener = undefined;
      },
    };
  }

  progress({ currentBytes, file }: DownloadProgress): void {
    if (currentBytes < this.#bytes) this.hasShrunk = true;
    if (currentBytes === 0 || this.hasShrunk) return;
    if (this.#fd === undefined) {
      this.#fd = openSync(file, "r"); // at once: a small blob is complete in a moment
      this.#path.resolve(`/proc/${process.pid}/fd/${this.#fd}`);
    }
    this.#bytes = currentBytes;
    this.#listener?.(this.#bytes, false);
  }

  complete(): void {
    if (this.hasShrunk) return;
    this.#isComplete = true;
    this.#listener?.(this.#bytes, true);
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
