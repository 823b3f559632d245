import type { Clock } from "#base/clock.ts";
import { type Digest, sha256 } from "#base/digest.ts";
import { newId } from "#base/ids.ts";
import type { Events } from "#events/types.ts";
import type { ContainerConfig } from "#spec/docker/containers.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { familiarReference, type Reference } from "#spec/reference.ts";
import type { DiffLayer } from "#storage/files/types.ts";
import { chainOnto } from "#storage/layer/chain-id.ts";
import type { BlobInfo, ContentStore, Lease, Leases, PreparedLayer, Snapshotter } from "#storage/types.ts";
import { imageEvent } from "./events.ts";
import type { ImageRecords } from "./records.ts";
import { getImage } from "./resolve.ts";
import type { ImageRecord } from "./types.ts";
import { writeManifest } from "./write-manifest.ts";

export interface CommitDeps {
  readonly records: ImageRecords;
  readonly content: ContentStore;
  readonly snapshotter: Pick<Snapshotter, "prepareLayer" | "commitLayer" | "discardLayer" | "layer">;
  readonly leases: Leases;
  readonly events: Pick<Events, "emit">;
  readonly clock: Pick<Clock, "now">;
  readonly host: Platform;
}

export interface CommitImageRequest {
  /** Image the container was made from. */
  readonly parent: Digest;
  readonly container: { readonly id: string; readonly config: ContainerConfig };
  /** What containers made from the new image begin with. */
  readonly config: ContainerConfig;
  readonly author: string;
  readonly comment: string;
  readonly reference: Reference | undefined;
  readonly signal?: AbortSignal;
  /** Writes the layer's tar to the sink and its files into the prepared directory. */
  readonly writeLayer: (
    prepared: PreparedLayer,
    sink: (chunk: Uint8Array) => Promise<void>,
    signal: AbortSignal | undefined,
  ) => Promise<DiffLayer>;
  /** Asked when the layer has been read. @throws where it may not be whole */
  readonly isStillWanted: () => void;
}

/** The tar of a layer without entries, two zero blocks: an image is not made deeper for it. */
const EMPTY_LAYER = sha256(new Uint8Array(1024));

/** A new image: its parent's layers and one more. @returns its id */
export async function commitImage(request: CommitImageRequest, deps: CommitDeps): Promise<Digest> {
  const { records, content, leases, events } = deps;
  const parent = getImage(records, request.parent);
  using lease = leases.open();
  for (const digest of [...parent.layers.map((layer) => layer.digest), parent.chainId ?? []].flat())
    lease.add(digest);
  const added = await writeLayer(request, parent, lease, deps);
  request.isStillWanted();
  const config = configOf(request, parent, added?.layer, deps);
  const text = JSON.stringify(config);
  lease.add(sha256(text));
  const id = await content.put(text);
  const image = await imageOf({ id, config, sizeBytes: Buffer.byteLength(text) }, parent, added, lease, deps);
  const { reference } = request;
  records.transaction(() => {
    records.putImage(reference ? { ...image, lastTagTime: timeOf(deps) } : image);
    if (reference) records.putReference(reference, { imageId: id, target: image.manifest });
  });
  if (reference) events.emit(imageEvent("tag", image, familiarReference(reference)));
  return id;
}

interface AddedLayer {
  readonly layer: DiffLayer;
  readonly blob: BlobInfo;
  readonly chainId: Digest;
}

/** @returns undefined when the container changed nothing */
async function writeLayer(
  request: CommitImageRequest,
  parent: ImageRecord,
  lease: Lease,
  { content, snapshotter }: CommitDeps,
): Promise<AddedLayer | undefined> {
  await using undo = new AsyncDisposableStack();
  const prepared = await snapshotter.prepareLayer(parent.chainId);
  undo.defer(() => snapshotter.discardLayer(prepared));
  await using ingest = await content.ingest(`commit ${newId()}`);
  try {
    const layer = await request.writeLayer(prepared, (chunk) => ingest.write(chunk), request.signal);
    if (layer.diffId === EMPTY_LAYER) {
      await ingest.abort();
      return undefined;
    }
    const chainId = chainOnto(parent.chainId, layer.diffId);
    lease.add(layer.diffId);
    lease.add(chainId);
    const blob = await ingest.commit({ digest: layer.diffId });
    await snapshotter.commitLayer(prepared, { ...layer, chainId, parent: parent.chainId });
    undo.move(); // committed: nothing to discard
    return { layer, blob, chainId };
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}

function configOf(
  { container, config, author, comment }: CommitImageRequest,
  parent: ImageRecord,
  layer: DiffLayer | undefined,
  deps: CommitDeps,
): ImageConfig {
  const { architecture, os, variant, rootfs, history = [] } = parent.config;
  const created = timeOf(deps);
  const words = (container.config.Cmd ?? []).join(" ");
  return {
    architecture,
    os,
    ...(variant ? { variant } : {}),
    ...(parent.config["os.version"] ? { "os.version": parent.config["os.version"] } : {}),
    ...(author ? { author } : {}),
    ...(comment ? { comment } : {}),
    created,
    container: container.id,
    container_config: container.config,
    config,
    rootfs: { type: "layers", diff_ids: [...rootfs.diff_ids, ...(layer ? [layer.diffId] : [])] },
    history: [
      ...history,
      {
        created,
        ...(author ? { author } : {}),
        ...(words ? { created_by: words } : {}),
        ...(comment ? { comment } : {}),
        ...(layer ? {} : { empty_layer: true }),
      },
    ],
  };
}

async function imageOf(
  written: { readonly id: Digest; readonly config: ImageConfig; readonly sizeBytes: number },
  parent: ImageRecord,
  added: AddedLayer | undefined,
  lease: Lease,
  { content }: CommitDeps,
): Promise<ImageRecord> {
  const { id, config, sizeBytes } = written;
  const { descriptor, manifest } = await writeManifest(
    content,
    { config: { digest: id, sizeBytes }, below: parent.layers, layers: added ? [added.blob] : [] },
    lease,
  );
  return {
    id,
    config,
    chainId: added?.chainId ?? parent.chainId,
    layers: manifest.layers,
    manifest: descriptor,
    sizeBytes: parent.sizeBytes + (added?.layer.sizeBytes ?? 0),
    lastTagTime: "",
    parent: parent.id,
  };
}

function timeOf({ clock }: Pick<CommitDeps, "clock">): string {
  return new Date(clock.now()).toISOString();
}
