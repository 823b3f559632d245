import { Internal } from "#base/errors.ts";
import type { ByteSource } from "#base/streams.ts";
import { BLOCK_BYTES } from "./compress-job.ts";

/** What cannot be compressed grows, but only a little. */
const MAX_FRAME_BYTES = BLOCK_BYTES + (BLOCK_BYTES >> 3);

/** Frames of a helper's output: four bytes of length, then as many bytes. */
export class FrameReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array();

  constructor(source: ByteSource) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** @returns undefined when the output ends where a frame would begin, or within one */
  async next(): Promise<Uint8Array | undefined> {
    const head = await this.#take(4);
    if (!head) return undefined;
    const length = Buffer.from(head).readUInt32BE();
    if (length > MAX_FRAME_BYTES) throw new Internal(`compressing a layer: a block of ${length} bytes`);
    return await this.#take(length);
  }

  async #take(count: number): Promise<Uint8Array | undefined> {
    const pieces = [this.#left];
    let have = this.#left.byteLength;
    while (have < count) {
      const { done, value } = await this.#pieces.next();
      if (done) return undefined;
      pieces.push(value);
      have += value.byteLength;
    }
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    this.#left = all.subarray(count);
    return all.subarray(0, count);
  }
}
