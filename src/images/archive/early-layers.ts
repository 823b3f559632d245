import type { Digest } from "#base/digest.ts";
import { Growth } from "../growth.ts";
import { type UnpackApartDeps, type UnpackedApart, unpackApart } from "../unpack-apart.ts";

/** As many as one image has; what comes after them is unpacked when it is known to be a layer. */
const MAX_LAYERS = 127;
/** Unpacking less takes no time that would be worth gaining. */
const MIN_BYTES = 1 << 20;

/**
 * Files of an archive unpacked while it is read, although only its end tells which of them are layers of what: with two
 * processors an archive of plain layers is loaded in little more than half the time. Dispose it: what nobody took goes.
 */
export class EarlyLayers implements AsyncDisposable {
  readonly #deps: UnpackApartDeps;
  /** Sizes of layers that are here: a file of such a size is most likely that layer. */
  readonly #knownSizes: ReadonlySet<number>;
  readonly #begun: EarlyLayer[] = [];
  readonly #byDigest = new Map<Digest, EarlyLayer>();

  constructor(deps: UnpackApartDeps, knownSizes: ReadonlySet<number>) {
    this.#deps = deps;
    this.#knownSizes = knownSizes;
  }

  /** Somebody to follow a file of this size; undefined where that is not worth it. */
  begin(sizeBytes: number): EarlyLayer | undefined {
    if (sizeBytes < MIN_BYTES || this.#knownSizes.has(sizeBytes) || this.#begun.length >= MAX_LAYERS)
      return undefined;
    const layer = new EarlyLayer(this.#deps, (digest) => this.#byDigest.set(digest, layer));
    this.#begun.push(layer);
    return layer;
  }

  /** A blob's files, the caller's from now on; undefined when it was not unpacked or is no layer. */
  async take(blob: Digest): Promise<UnpackedApart | undefined> {
    const layer = this.#byDigest.get(blob);
    this.#byDigest.delete(blob);
    return await layer?.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#begun.map((layer) => layer[Symbol.asyncDispose]()));
  }
}

/** One file on its way. */
export class EarlyLayer implements AsyncDisposable {
  readonly #deps: UnpackApartDeps;
  readonly #onComplete: (digest: Digest) => void;
  readonly #growth = new Growth();
  readonly #abort = new AbortController();
  readonly #outcome: Promise<UnpackedApart | undefined>;
  #digest: Digest | undefined;
  #isTaken = false;

  constructor(deps: UnpackApartDeps, onComplete: (digest: Digest) => void) {
    this.#deps = deps;
    this.#onComplete = onComplete;
    this.#outcome = this.#unpack();
  }

  /** More of the file is there. */
  progress(currentBytes: number, file: string): void {
    this.#growth.progress({ currentBytes, file });
  }

  /** All of it is there and verified. */
  complete(digest: Digest): void {
    this.#digest = digest;
    this.#growth.complete();
    this.#onComplete(digest);
  }

  async take(): Promise<UnpackedApart | undefined> {
    this.#isTaken = true;
    return await this.#outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error("nobody wants the layer"));
    using _file = this.#growth;
    if (!this.#growth.hasBegun) return; // nothing was unpacked, and nothing ever will be
    const unpacked = await this.#outcome;
    if (unpacked && !this.#isTaken) await this.#deps.snapshotter.discardLayer(unpacked.prepared);
  }

  /** What cannot be unpacked may be no layer at all: if it is one, unpacking it again says what is wrong. */
  async #unpack(): Promise<UnpackedApart | undefined> {
    const source = await this.#growth.path();
    try {
      return await unpackApart(this.#deps, undefined, {
        source,
        growing: this.#growth,
        blobDigest: () => this.#digest!,
        signal: this.#abort.signal,
      });
    } catch {
      return undefined;
    }
  }
}
