import { InvalidArgument } from "./errors.ts";

type State = "magic" | "skippableSize" | "descriptor" | "header" | "block";

/**
 * Follows the frames of a zstd stream without decompressing: the decompressor of the runtime takes a stream cut inside
 * a frame, or followed by garbage, for a complete one (measured with Bun 1.4.5).
 * @see https://www.rfc-editor.org/rfc/rfc8878 section 3.1
 */
export class ZstdFrames {
  /** Bytes of the field being collected; the longest, a frame header after its descriptor, has 13. */
  readonly #field = new Uint8Array(16);
  readonly #view = new DataView(this.#field.buffer);
  #have = 0;
  #want = 4;
  #skip = 0;
  #state: State = "magic";
  #hasChecksum = false;

  /** @throws InvalidArgument where a frame should begin and does not */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.byteLength - at);
        this.#skip -= step;
        at += step;
        continue;
      }
      const step = Math.min(this.#want - this.#have, chunk.byteLength - at);
      this.#field.set(chunk.subarray(at, at + step), this.#have);
      this.#have += step;
      at += step;
      if (this.#have === this.#want) this.#done[this.#state]();
    }
  }

  /** @throws InvalidArgument when the stream ends inside a frame */
  finish(): void {
    if (this.#state !== "magic" || this.#have > 0 || this.#skip > 0)
      throw new InvalidArgument("damaged zstd stream: unexpected end");
  }

  #expect(state: State, want: number): void {
    this.#state = state;
    this.#want = want;
    this.#have = 0;
  }

  /** What each complete field says about the next one. */
  readonly #done: Readonly<Record<State, () => void>> = {
    magic: () => {
      const magic = this.#view.getUint32(0, true);
      if (magic === 0xfd2fb528) this.#expect("descriptor", 1);
      else if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) this.#expect("skippableSize", 4);
      else throw new InvalidArgument("damaged zstd stream: garbage where a frame should begin");
    },
    skippableSize: () => {
      this.#skip = this.#view.getUint32(0, true);
      this.#expect("magic", 4);
    },
    descriptor: () => {
      const descriptor = this.#field[0]!;
      const singleSegment = (descriptor & 0x20) !== 0;
      const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
      const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
      this.#hasChecksum = (descriptor & 4) !== 0;
      this.#expect("header", (singleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes);
    },
    header: () => this.#expect("block", 3),
    block: () => {
      const header = this.#view.getUint16(0, true) | (this.#field[2]! << 16);
      const isRunLength = ((header >> 1) & 3) === 1;
      this.#skip = isRunLength ? 1 : header >> 3;
      if ((header & 1) === 0) {
        this.#expect("block", 3);
        return;
      }
      if (this.#hasChecksum) this.#skip += 4;
      this.#expect("magic", 4);
    },
  };
}
