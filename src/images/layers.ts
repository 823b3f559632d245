import type { Digest } from "#base/digest.ts";
import type { ContentStore, LayerUnpacker, Lease, Snapshotter } from "#storage/types.ts";
import { allOrNone } from "./all-or-none.ts";
import type { LayerPlan } from "./pull-plan.ts";
import { type Join, SharedWork } from "./shared-work.ts";

/** What happens to a layer, as it happens. */
export type LayerStage =
  | { readonly stage: "downloading"; readonly currentBytes: number }
  | { readonly stage: "downloaded" }
  | { readonly stage: "unpacking"; readonly currentBytes: number }
  | { readonly stage: "unpacked" };

export interface LayersDeps {
  readonly content: Pick<ContentStore, "info" | "path">;
  readonly snapshotter: Pick<
    Snapshotter,
    "prepareLayer" | "commitLayer" | "discardLayer" | "layer" | "independentLayers"
  >;
  readonly unpacker: LayerUnpacker;
}

/** Brings a blob into the content store, unless it is there by then. */
export type FetchBlob = (
  blob: LayerPlan["blob"],
  options: { readonly signal: AbortSignal; readonly onProgress: (currentBytes: number) => void },
) => Promise<void>;

export interface EnsureRequest extends Join<LayerStage> {
  readonly fetch: FetchBlob;
}

export interface EnsureAllRequest {
  readonly fetch: FetchBlob;
  readonly progressOf: (layer: LayerPlan) => (stage: LayerStage) => void;
  /** Keeps blobs and layers until the caller has written its record. */
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/**
 * Layers from blob to committed snapshot. Downloads and unpacking of different layers overlap; what two callers want
 * is done once.
 */
export class Layers {
  readonly #deps: LayersDeps;
  readonly #blobs = new SharedWork<number>();
  readonly #chains = new SharedWork<LayerStage>();

  constructor(deps: LayersDeps) {
    this.#deps = deps;
  }

  /** Whether blob and unpacked layer are both there. */
  has({ blob, chainId }: LayerPlan): boolean {
    return this.#hasBlob(blob.digest) && this.#isUnpacked(chainId);
  }

  /**
   * Makes the top layer of `stack` be there, and with it all below it.
   * @param stack lowest first
   */
  async ensure(stack: readonly LayerPlan[], request: EnsureRequest): Promise<void> {
    const top = stack.at(-1);
    if (!top) return;
    await this.#ensureBlob(top, request);
    request.onProgress?.({ stage: "downloaded" });
    if (!this.#isUnpacked(top.chainId))
      await this.#chains.run(top.chainId, request, (signal, report) =>
        this.#unpack(stack, { fetch: request.fetch, signal }, report),
      );
    request.onProgress?.({ stage: "unpacked" });
  }

  /**
   * Makes all layers of a stack be there, side by side; the first failure stops the others.
   * @param stack lowest first
   */
  async ensureAll(stack: readonly LayerPlan[], request: EnsureAllRequest): Promise<void> {
    const { fetch, progressOf, lease, signal } = request;
    for (const { blob, chainId } of stack) {
      lease.add(blob.digest);
      lease.add(chainId);
    }
    const missing = stack.filter((layer) => !this.has(layer));
    await allOrNone(
      missing.map((layer) => (shared) => {
        const upTo = stack.slice(0, stack.indexOf(layer) + 1);
        return this.ensure(upTo, { fetch, onProgress: progressOf(layer), signal: shared });
      }),
      signal,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#chains.close(), this.#blobs.close()]);
  }

  async #ensureBlob({ blob }: LayerPlan, { fetch, signal, onProgress }: EnsureRequest): Promise<void> {
    if (this.#hasBlob(blob.digest)) return;
    const onBytes = (currentBytes: number) => onProgress?.({ stage: "downloading", currentBytes });
    await this.#blobs.run(blob.digest, { signal, onProgress: onBytes }, (shared, report) =>
      fetch(blob, { signal: shared, onProgress: report }),
    );
  }

  async #unpack(
    stack: readonly LayerPlan[],
    request: { readonly fetch: FetchBlob; readonly signal: AbortSignal },
    report: (stage: LayerStage) => void,
  ): Promise<void> {
    const { snapshotter, unpacker, content } = this.#deps;
    const { blob, diffId, chainId, parent } = stack.at(-1)!;
    const parentIsThere = () => this.ensure(stack.slice(0, -1), request);
    if (!snapshotter.independentLayers) await parentIsThere();
    await using undo = new AsyncDisposableStack();
    const prepared = await snapshotter.prepareLayer(parent);
    undo.defer(() => snapshotter.discardLayer(prepared));
    const { sizeBytes } = await unpacker.unpack({
      source: content.path(blob.digest),
      prepared,
      expectedDiffId: diffId,
      progress: ({ currentBytes }) => report({ stage: "unpacking", currentBytes }),
      signal: request.signal,
    });
    await parentIsThere();
    await snapshotter.commitLayer(prepared, { chainId, diffId, parent, sizeBytes });
    undo.move(); // committed: nothing to discard
  }

  #hasBlob(digest: Digest): boolean {
    return this.#deps.content.info(digest) !== undefined;
  }

  #isUnpacked(chainId: Digest): boolean {
    return this.#deps.snapshotter.layer(chainId) !== undefined;
  }
}
