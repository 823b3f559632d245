import { createReadStream } from "node:fs";
import { Limiter, throwIfAborted } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import { Cancelled, InvalidArgument, NotFound } from "#base/errors.ts";
import type { Events } from "#events/types.ts";
import { type Credentials, credentialsOf } from "#registry/credentials.ts";
import type { PushRepository, UploadSession } from "#registry/push-repository.ts";
import type { Registries } from "#registry/registries.ts";
import type { UnfinishedUploads } from "#registry/unfinished-uploads.ts";
import { uploadBlob } from "#registry/upload-blob.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import {
  familiarName,
  familiarReference,
  parseReference,
  type Reference,
  repositoryName,
  withDigest,
} from "#spec/reference.ts";
import type { ContentStore, LayerCompressor, Lease, Leases } from "#storage/types.ts";
import { allOrNone } from "./all-or-none.ts";
import { pushEvent } from "./events.ts";
import { statusLine } from "./progress.ts";
import type { Emit } from "./progress-stream.ts";
import { compressedLayer } from "./push-compress.ts";
import { bringMissing } from "./push-missing.ts";
import { layersToCompress, mountSources, type PushLayer, planPush, repositoriesWith } from "./push-plan.ts";
import { type LayerTeller, layerTeller } from "./push-progress.ts";
import { type Rewritten, recordRewritten, rewrite } from "./push-rewrite.ts";
import { findPushSource, type PushDocument, type PushSource } from "./push-source.ts";
import type { ImageRecords } from "./records.ts";
import type { PushRequest, ReferenceRecord } from "./types.ts";

export interface PushDeps {
  readonly records: ImageRecords;
  readonly content: ContentStore;
  readonly compressor: LayerCompressor;
  readonly leases: Leases;
  readonly registries: Pick<Registries, "open" | "openForPush">;
  readonly unfinished: UnfinishedUploads;
  readonly events: Pick<Events, "emit">;
  readonly clock: Clock;
  readonly host: Platform;
  readonly maxConcurrentUploads: number;
  readonly maxUploadAttempts: number;
}

/**
 * `docker push`: one tag, or all of a repository.
 * @throws what dockerd says about names that are not here
 */
export async function push(
  request: Omit<PushRequest, "signal">,
  deps: PushDeps,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const named = parseReference(request.reference);
  emit(statusLine(`The push refers to repository [${repositoryName(named)}]`));
  const tagged = taggedReferences(named, deps.records);
  const credentials = credentialsOf(request.auth);
  const repository = deps.registries.openForPush(named, credentials);
  await repository.check(signal);
  for (const record of tagged) {
    const one = { record, repository, credentials, platform: request.platform, emit, signal };
    await new Push(deps, { ...one, compression: request.compression ?? "gzip" }).run();
  }
  deps.events.emit(pushEvent(named, deps.records.image(tagged[0]!.imageId)));
}

/** @throws Error as dockerd says it; after the first line, so a status of its own is of no use */
function taggedReferences(named: Reference, records: ImageRecords): ReferenceRecord[] {
  const ofRepository = records
    .references()
    .filter(({ name }) => repositoryName(parseReference(name)) === repositoryName(named));
  if (ofRepository.length === 0)
    throw new NotFound(`An image does not exist locally with the tag: ${familiarName(named)}`);
  if (named.digest) throw new InvalidArgument("cannot push a digest reference");
  const tagged = ofRepository.filter(({ name }) => {
    const { tag } = parseReference(name);
    return tag !== undefined && (named.tag === undefined || named.tag === tag);
  });
  if (tagged.length === 0) throw new NotFound(`tag does not exist: ${familiarReference(named)}`);
  return tagged;
}

interface PushOne {
  readonly record: ReferenceRecord;
  readonly repository: PushRepository;
  readonly credentials: Credentials;
  readonly platform: Platform | undefined;
  readonly compression: "gzip" | "zstd";
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** One tag on its way. */
class Push {
  readonly #deps: PushDeps;
  readonly #one: PushOne;
  readonly #reference: Reference;
  readonly #uploads: Limiter;
  readonly #compressions = new Limiter(1);
  readonly #tellers = new Map<PushLayer, LayerTeller>();

  constructor(deps: PushDeps, one: PushOne) {
    this.#deps = deps;
    this.#one = one;
    this.#reference = parseReference(one.record.name);
    this.#uploads = new Limiter(deps.maxConcurrentUploads);
  }

  async run(): Promise<void> {
    using lease = this.#deps.leases.open();
    const found = await this.#find();
    this.#keep(found, lease);
    const { layers, configs } = planPush(found);
    this.#announce(layers);
    const plain = layersToCompress(found, this.#one.record.target, this.#deps.records.references());
    // what is compressed last is sent alone: that had better be something small
    const weight = ({ blob }: PushLayer) => (plain.has(blob.digest) ? blob.size : 0);
    const inOrder = layers.toSorted((a, b) => weight(b) - weight(a));
    const compressed = new Map<Digest, Descriptor>();
    await allOrNone(
      [
        ...inOrder.map((layer) => async (signal: AbortSignal) => {
          const blob = plain.has(layer.blob.digest) ? await this.#compress(layer, lease, signal) : layer.blob;
          if (blob !== layer.blob) compressed.set(layer.blob.digest, blob);
          await this.#uploads.run(() => this.#pushLayer(blob, this.#tellers.get(layer)!, signal));
        }),
        ...configs.map((config) => (signal: AbortSignal) => this.#pushConfig(config, signal)),
      ],
      this.#one.signal,
    );
    const made =
      compressed.size > 0 ? await rewrite(this.#deps.content, found, compressed, lease) : undefined;
    const source = made?.source ?? found;
    await this.#putDocuments(planPush(source).documents);
    this.#record(source, made);
    this.#conclude(source);
  }

  /** An image for several platforms goes out whole also when the registry has those that are not here. */
  async #find(): Promise<PushSource> {
    const { record, platform, repository, signal } = this.#one;
    const what = familiarReference(this.#reference);
    const { content, host } = this.#deps;
    const found = await findPushSource(content, { target: record.target, platform, host, what });
    if (!found.whole) return found;
    const missing = { to: repository, from: this.#otherRepositories(record.target.digest) };
    for (const descriptor of found.whole.missing)
      if (!(await bringMissing(missing, descriptor, signal))) return found;
    return found.whole.source;
  }

  #otherRepositories(target: Digest) {
    const { records, registries } = this.#deps;
    return repositoriesWith(this.#reference, target, records.references()).map((path) => {
      const { domain } = this.#reference;
      return { path, repository: registries.open({ domain, path }, this.#one.credentials) };
    });
  }

  #keep({ root, images, indexes }: PushSource, lease: Lease): void {
    for (const { descriptor } of [root, ...indexes]) lease.add(descriptor.digest);
    for (const { document, manifest } of images)
      for (const { digest } of [document.descriptor, manifest.config, ...manifest.layers]) lease.add(digest);
  }

  #announce(layers: readonly PushLayer[]): void {
    for (const layer of layers) {
      const teller = layerTeller(layer, this.#one.emit, this.#deps.clock);
      this.#tellers.set(layer, teller);
      teller.say("Preparing");
    }
    for (const layer of layers.slice(this.#deps.maxConcurrentUploads))
      this.#tellers.get(layer)!.say("Waiting");
  }

  /** One layer after the other: each takes all processors. What is done goes up while the next is compressed. */
  #compress(layer: PushLayer, lease: Lease, signal: AbortSignal): Promise<Descriptor> {
    const { content, compressor, records } = this.#deps;
    const teller = this.#tellers.get(layer)!;
    const onProgress = (done: number) => teller.bar("Compressing", done, layer.blob.size);
    return this.#compressions.run(() => {
      throwIfAborted(signal, "push");
      return compressedLayer(
        { content, compressor, images: () => records.images() },
        { layer, compression: this.#one.compression, lease, onProgress, signal },
      );
    });
  }

  async #pushLayer(blob: Descriptor, teller: LayerTeller, signal: AbortSignal): Promise<void> {
    const { repository } = this.#one;
    if (await repository.hasBlob(blob.digest, signal)) return teller.say("Layer already exists");
    const mounted = await this.#mount(blob.digest, signal);
    if (mounted.from !== undefined) return teller.say(`Mounted from ${mounted.from}`);
    const onProgress = (current: number) => teller.bar("Pushing", current, blob.size);
    await this.#upload(blob, { session: mounted.session, onProgress, signal });
    teller.say("Pushed");
  }

  async #pushConfig(config: Descriptor, signal: AbortSignal): Promise<void> {
    if (!(await this.#one.repository.hasBlob(config.digest, signal))) await this.#upload(config, { signal });
  }

  /** A registry that refuses the question, as one does whose other repository is not ours to read, gets the bytes. */
  async #mount(
    digest: Digest,
    signal: AbortSignal,
  ): Promise<{ readonly from?: string; readonly session?: UploadSession }> {
    const { records } = this.#deps;
    const known = { references: records.references(), image: (id: Digest) => records.image(id) };
    for (const from of mountSources(this.#reference, digest, known)) {
      const outcome = await this.#one.repository.mount(digest, from, signal).catch((error) => {
        if (error instanceof Cancelled) throw error;
        return undefined;
      });
      if (outcome === "mounted") return { from };
      if (outcome) return { session: outcome };
    }
    return {};
  }

  async #upload(
    { digest, size }: Descriptor,
    options: {
      readonly session?: UploadSession;
      readonly onProgress?: (current: number) => void;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { content, clock, unfinished, maxUploadAttempts: maxAttempts } = this.#deps;
    const path = content.path(digest);
    const open = (start: number, end: number) =>
      createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES });
    await uploadBlob(
      { repository: this.#one.repository, clock, unfinished, maxAttempts },
      { digest, sizeBytes: size, open, ...options },
    );
  }

  /** What is named by others goes under its digest, what it was all for under the tag. */
  async #putDocuments(documents: readonly PushDocument[]): Promise<void> {
    const { repository, signal } = this.#one;
    const root = documents.at(-1)!;
    for (const { descriptor, text } of documents.slice(0, -1))
      await repository.putManifest(descriptor.digest, descriptor, Buffer.from(text), signal);
    const { tag } = this.#reference;
    await repository.putManifest(tag!, root.descriptor, Buffer.from(root.text), signal);
  }

  /** From now on the image is known by the digest it has there. */
  #record({ root, indexes }: PushSource, made: Rewritten | undefined): void {
    const { records } = this.#deps;
    const { imageId } = this.#one.record;
    const others = indexes.length > 0 ? this.#one.record.others : undefined;
    records.transaction(() => {
      if (!records.image(imageId)) return; // removed meanwhile
      if (made) recordRewritten(records, made);
      const pointing = { imageId, target: root.descriptor, ...(others ? { others } : {}) };
      records.putReference(withDigest(this.#reference, root.descriptor.digest), pointing);
    });
  }

  #conclude({ root, insteadOf }: PushSource): void {
    const { emit } = this.#one;
    const { digest, size } = root.descriptor;
    const tag = this.#reference.tag!;
    if (insteadOf) {
      const aux = {
        manifestPushedInsteadOfIndex: true,
        originalIndex: insteadOf,
        selectedManifest: root.descriptor,
      };
      emit({ progressDetail: {}, aux });
    }
    emit(statusLine(`${tag}: digest: ${digest} size: ${size}`));
    emit({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
  }
}

const READ_BYTES = 1 << 20;
