import type { Digest } from "#base/digest.ts";
import type { ContentStore, LayerUnpacker, Lease, Snapshotter } from "#storage/types.ts";
import { allOrNone } from "./all-or-none.ts";
import { type DownloadProgress, Growth } from "./growth.ts";
import type { LayerPlan } from "./pull-plan.ts";
import { type Join, SharedWork } from "./shared-work.ts";
import { type UnpackedApart, unpackApart } from "./unpack-apart.ts";

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
  options: {
    readonly signal: AbortSignal;
    /** Not called by a fetch whose bytes nobody can read before it ends. */
    readonly onProgress: (progress: DownloadProgress) => void;
  },
) => Promise<void>;

export interface EnsureRequest extends Join<LayerStage> {
  readonly fetch: FetchBlob;
  /** Files of a blob that somebody has unpacked already; whoever takes them owns them. */
  readonly takeUnpacked?: ((blob: Digest) => Promise<UnpackedApart | undefined>) | undefined;
}

export interface EnsureAllRequest extends Pick<EnsureRequest, "fetch" | "takeUnpacked"> {
  readonly progressOf: (layer: LayerPlan) => (stage: LayerStage) => void;
  /** Keeps blobs and layers until the caller has written its record. */
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/**
 * Layers from blob to committed snapshot. A layer is unpacked while it is downloaded, and several at once; what two callers want
 * is done once.
 */
export class Layers {
  readonly #deps: LayersDeps;
  readonly #blobs = new SharedWork<DownloadProgress>();
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
    const { fetch, takeUnpacked, onProgress } = request;
    await allOrNone(
      [
        async (signal) => {
          await this.#ensureBlob(top, { fetch, onProgress, signal });
          onProgress?.({ stage: "downloaded" });
        },
        async (signal) => {
          if (this.#isUnpacked(top.chainId)) return;
          await this.#chains.run(top.chainId, { onProgress, signal }, (shared, report) =>
            this.#unpack(stack, { fetch, takeUnpacked, signal: shared }, report),
          );
        },
      ],
      request.signal ?? new AbortController().signal,
    );
    onProgress?.({ stage: "unpacked" });
  }

  /**
   * Makes all layers of a stack be there, side by side; the first failure stops the others.
   * @param stack lowest first
   */
  async ensureAll(stack: readonly LayerPlan[], request: EnsureAllRequest): Promise<void> {
    const { fetch, takeUnpacked, progressOf, lease, signal } = request;
    for (const { blob, chainId } of stack) {
      lease.add(blob.digest);
      lease.add(chainId);
    }
    const missing = stack.filter((layer) => !this.has(layer));
    await allOrNone(
      missing.map((layer) => (shared) => {
        const upTo = stack.slice(0, stack.indexOf(layer) + 1);
        return this.ensure(upTo, { fetch, takeUnpacked, onProgress: progressOf(layer), signal: shared });
      }),
      signal,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#chains.close(), this.#blobs.close()]);
  }

  async #ensureBlob({ blob }: LayerPlan, { fetch, signal, onProgress }: EnsureRequest): Promise<void> {
    const onBytes = ({ currentBytes }: DownloadProgress) =>
      onProgress?.({ stage: "downloading", currentBytes });
    await this.#download(blob, fetch, { signal, onProgress: onBytes });
  }

  async #download(
    blob: LayerPlan["blob"],
    fetch: FetchBlob,
    join: { readonly signal?: AbortSignal; readonly onProgress: (progress: DownloadProgress) => void },
  ): Promise<void> {
    if (this.#hasBlob(blob.digest)) return;
    await this.#blobs.run(blob.digest, join, (signal, report) => fetch(blob, { signal, onProgress: report }));
  }

  async #unpack(
    stack: readonly LayerPlan[],
    request: Omit<EnsureRequest, "onProgress"> & { readonly signal: AbortSignal },
    report: (stage: LayerStage) => void,
  ): Promise<void> {
    const { snapshotter } = this.#deps;
    const layer = stack.at(-1)!;
    const { diffId, chainId, parent } = layer;
    const parentIsThere = () => this.ensure(stack.slice(0, -1), request);
    if (!snapshotter.independentLayers) await parentIsThere();
    await using undo = new AsyncDisposableStack();
    const { prepared, sizeBytes } =
      (await this.#taken(layer, request, report)) ?? (await this.#unpackOnItsWay(layer, request, report));
    undo.defer(() => snapshotter.discardLayer(prepared));
    await parentIsThere();
    await snapshotter.commitLayer(prepared, { chainId, diffId, parent, sizeBytes });
    undo.move(); // committed: nothing to discard
  }

  /** What was unpacked before anybody asked, if it is the layer that was meant: else unpacking it tells what is wrong. */
  async #taken(
    { blob, diffId }: LayerPlan,
    { takeUnpacked }: Pick<EnsureRequest, "takeUnpacked">,
    report: (stage: LayerStage) => void,
  ): Promise<UnpackedApart | undefined> {
    const found = await takeUnpacked?.(blob.digest);
    if (!found) return undefined;
    report({ stage: "unpacking", currentBytes: blob.size });
    if (found.diffId === diffId) return found;
    await this.#discard({ unpacked: found });
    return undefined;
  }

  /**
   * Unpacks a layer while its blob still comes. Only a blob that is verified counts: when the download fails, its error
   * is the one to tell, whatever unpacking half of it said; and when wrong bytes were replaced by right ones, those are
   * unpacked anew.
   */
  async #unpackOnItsWay(
    layer: LayerPlan,
    { fetch, signal }: { readonly fetch: FetchBlob; readonly signal: AbortSignal },
    report: (stage: LayerStage) => void,
  ): Promise<UnpackedApart> {
    if (this.#hasBlob(layer.blob.digest)) return await this.#unpackInto(layer, { signal }, report);
    using growth = new Growth();
    const failing = new AbortController();
    const unpacking = growth
      .path()
      .then((path) =>
        this.#unpackInto(
          layer,
          { growing: { path, growth }, signal: AbortSignal.any([signal, failing.signal]) },
          report,
        ),
      );
    const outcome = unpacking.then(
      (unpacked) => ({ unpacked }),
      (error: unknown) => ({ error }),
    );
    try {
      await this.#download(layer.blob, fetch, {
        signal,
        onProgress: (progress) => growth.progress(progress),
      });
    } catch (error) {
      failing.abort(error);
      if (growth.hasBegun) await this.#discard(await outcome);
      throw error;
    }
    growth.complete();
    if (!growth.hasBegun) return await this.#unpackInto(layer, { signal }, report);
    if (growth.hasShrunk) failing.abort(new Error("what was unpacked turned out to be wrong"));
    const ended = await outcome;
    if (!growth.hasShrunk && "unpacked" in ended) return ended.unpacked;
    await this.#discard(ended);
    if (!growth.hasShrunk) throw (ended as { error: unknown }).error;
    return await this.#unpackInto(layer, { signal }, report);
  }

  async #discard(outcome: { readonly unpacked: UnpackedApart } | { readonly error: unknown }): Promise<void> {
    if ("unpacked" in outcome) await this.#deps.snapshotter.discardLayer(outcome.unpacked.prepared);
  }

  /** Into a directory of its own, which is the caller's to commit or discard. */
  async #unpackInto(
    { blob, diffId, parent }: LayerPlan,
    {
      growing,
      signal,
    }: { readonly growing?: { path: string; growth: Growth }; readonly signal: AbortSignal },
    report: (stage: LayerStage) => void,
  ): Promise<UnpackedApart> {
    // just hashed while it came; a blob of long ago is read with more suspicion
    const isHashed = growing !== undefined && blob.digest.startsWith("sha256:");
    return await unpackApart(this.#deps, parent, {
      source: growing?.path ?? this.#deps.content.path(blob.digest),
      growing: growing?.growth,
      expectedDiffId: diffId,
      ...(isHashed ? { blobDigest: () => blob.digest } : {}),
      progress: ({ currentBytes }) => report({ stage: "unpacking", currentBytes }),
      signal,
    });
  }

  #hasBlob(digest: Digest): boolean {
    return this.#deps.content.info(digest) !== undefined;
  }

  #isUnpacked(chainId: Digest): boolean {
    return this.#deps.snapshotter.layer(chainId) !== undefined;
  }
}
