import type { Digest } from "#base/digest.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { ImageRecord } from "./types.ts";

export interface ImageUse {
  readonly id: Digest;
  /** Milliseconds since 1970. */
  readonly usedAtMs: number;
}

/**
 * What decides which images stay when room is needed: when each was used last, and which are pinned. Only people pin: a
 * label would let whoever made an image decide about the disks of those who pull it.
 */
export class ImageRetention {
  readonly #uses: Collection<ImageUse>;
  readonly #pins: Collection<{ readonly id: Digest }>;
  readonly #nowMs: () => number;

  constructor(state: StateStore, nowMs: () => number) {
    this.#uses = state.collection<ImageUse>({ name: "image-uses", key: ({ id }) => id });
    this.#pins = state.collection<{ readonly id: Digest }>({ name: "image-pins", key: ({ id }) => id });
    this.#nowMs = nowMs;
  }

  noteUse(id: Digest): void {
    this.#uses.put({ id, usedAtMs: this.#nowMs() });
  }

  /** An image nobody has used yet counts as used when it came or was tagged. @param arrivedAtMs when its top layer came */
  lastUsedMs({ id, lastTagTime }: Pick<ImageRecord, "id" | "lastTagTime">, arrivedAtMs: number): number {
    return Math.max(this.#uses.get(id)?.usedAtMs ?? 0, Date.parse(lastTagTime) || 0, arrivedAtMs);
  }

  pin(id: Digest): void {
    this.#pins.put({ id });
  }

  unpin(id: Digest): void {
    this.#pins.delete(id);
  }

  isPinned(id: Digest): boolean {
    return this.#pins.get(id) !== undefined;
  }

  /** What was known of images that are no more. */
  forgetAllBut(exists: (id: Digest) => boolean): void {
    for (const { id } of this.#uses.list()) if (!exists(id)) this.#uses.delete(id);
    for (const { id } of this.#pins.list()) if (!exists(id)) this.#pins.delete(id);
  }
}
