import type { Clock } from "#base/clock.ts";
import { detectCompression, MAGIC_BYTES } from "#base/compress.ts";
import { decompressArchive } from "#base/decompress-program.ts";
import { sha256 } from "#base/digest.ts";
import { newId } from "#base/ids.ts";
import { type ByteSource, peek } from "#base/streams.ts";
import type { Events } from "#events/types.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { parsePlatform } from "#spec/platform.ts";
import { familiarReference, type Reference } from "#spec/reference.ts";
import type { BlobInfo, ContentStore, LayerUnpacker, Lease, Leases, Snapshotter } from "#storage/types.ts";
import { applyChanges } from "../changes.ts";
import { singleLayerConfig } from "../config.ts";
import { imageEvent } from "../events.ts";
import { statusLine } from "../progress.ts";
import type { Emit } from "../progress-stream.ts";
import { imageRecordOf } from "../record-of.ts";
import type { ImageRecords } from "../records.ts";
import { parseTagTarget } from "../tag.ts";
import type { TrustGate } from "../trust/types.ts";
import type { ImageRecord } from "../types.ts";
import { writeManifest } from "../write-manifest.ts";
import { openUrl, withScheme } from "./from-url.ts";
import { ingestStream } from "./spool.ts";

export interface ImportDeps {
  readonly records: ImageRecords;
  readonly content: ContentStore;
  readonly snapshotter: Pick<Snapshotter, "prepareLayer" | "commitLayer" | "discardLayer" | "layer">;
  readonly unpacker: LayerUnpacker;
  readonly leases: Leases;
  readonly events: Pick<Events, "emit">;
  readonly clock: Pick<Clock, "now">;
  readonly host: Platform;
  readonly trust: Pick<TrustGate, "admitArchived">;
}

export interface ImportRequest {
  readonly repo?: string;
  readonly tag?: string;
  readonly message?: string;
  readonly changes?: readonly string[];
  readonly platform?: string;
  readonly signal: AbortSignal;
}

/**
 * `docker import`: a root file system as an image of one layer. Everything the request says is checked before the
 * archive is read.
 */
export async function importArchive(
  source: ByteSource | string,
  request: ImportRequest,
  deps: ImportDeps,
  emit: Emit,
): Promise<void> {
  const reference = request.repo ? parseTagTarget(request.repo, request.tag ?? "") : undefined;
  const platform = request.platform ? parsePlatform(request.platform, deps.host) : deps.host;
  const config = applyChanges({}, request.changes ?? []);
  await deps.trust.admitArchived({ transport: "tarball", reference });
  using lease = deps.leases.open();
  const url = typeof source === "string" ? withScheme(source) : undefined;
  const archive = url === undefined ? (source as ByteSource) : await openUrl(url, request.signal, emit);
  const { content } = deps;
  const key = `import ${newId()}`;
  const blob = await ingestStream(await asLayer(archive), { content, lease, key, signal: request.signal });
  const diffId = await unpackAlone(blob, lease, deps, request.signal);
  const created = new Date(deps.clock.now()).toISOString();
  const comment = request.message || `Imported from ${url ?? "-"}`;
  const image = await makeImage(
    blob,
    singleLayerConfig({ platform, diffId, created, comment, config }),
    lease,
    deps,
  );
  record(image, reference, deps);
  emit(statusLine(image.id));
}

/** As it is where a layer may be so; from xz and bzip2, which no registry knows, the plain tar. */
async function asLayer(archive: ByteSource): Promise<ByteSource> {
  const { head, all } = await peek(archive, MAGIC_BYTES);
  return ["xz", "bzip2"].includes(detectCompression(head)) ? decompressArchive(all) : all;
}

async function unpackAlone(
  blob: BlobInfo,
  lease: Lease,
  { content, snapshotter, unpacker }: ImportDeps,
  signal: AbortSignal,
): Promise<string> {
  await using undo = new AsyncDisposableStack();
  const prepared = await snapshotter.prepareLayer(undefined);
  undo.defer(() => snapshotter.discardLayer(prepared));
  const { diffId, sizeBytes } = await unpacker.unpack({
    source: content.path(blob.digest),
    prepared,
    blobDigest: () => blob.digest,
    signal,
  });
  lease.add(diffId);
  await snapshotter.commitLayer(prepared, { chainId: diffId, diffId, parent: undefined, sizeBytes });
  undo.move(); // committed: nothing to discard
  return diffId;
}

async function makeImage(
  blob: BlobInfo,
  config: ImageConfig,
  lease: Lease,
  { content, snapshotter }: ImportDeps,
): Promise<ImageRecord> {
  const text = JSON.stringify(config);
  lease.add(sha256(text));
  const imageId = await content.put(text);
  const { descriptor, manifest } = await writeManifest(
    content,
    { config: { digest: imageId, sizeBytes: Buffer.byteLength(text) }, layers: [blob] },
    lease,
  );
  const diffId = config.rootfs.diff_ids[0]!;
  const layer = { blob: manifest.layers[0]!, diffId, chainId: diffId, parent: undefined };
  return imageRecordOf({ manifestDescriptor: descriptor, manifest, imageId, config }, [layer], snapshotter);
}

function record(image: ImageRecord, reference: Reference | undefined, { records, events }: ImportDeps): void {
  records.transaction(() => {
    records.putImage(image);
    if (reference) records.putReference(reference, { imageId: image.id, target: image.manifest });
  });
  events.emit(imageEvent("import", image, image.id));
  if (reference) events.emit(imageEvent("tag", image, familiarReference(reference)));
}
