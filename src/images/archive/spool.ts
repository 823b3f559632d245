import { posix } from "node:path";
import { throwIfAborted } from "#base/async.ts";
import { decompressArchive } from "#base/decompress-program.ts";
import { type Digest, isDigest } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { type ByteSource, collectBytes } from "#base/streams.ts";
import { readTar, type TarMember } from "#base/tar-read.ts";
import type { BlobInfo, ContentStore, Ingest, Lease } from "#storage/types.ts";
import type { EarlyLayer, EarlyLayers } from "./early-layers.ts";

export interface SpoolDeps {
  readonly content: Pick<ContentStore, "ingest" | "info">;
  readonly lease: Lease;
  /** Distinguishes this archive's files from those of another that is read at the same time. */
  readonly jobId: string;
  /** Unpacks what may be layers as it comes. */
  readonly early?: EarlyLayers;
}

/** Everything in an archive, by its name there. Names are only keys: no file is ever made under one. */
export interface SpooledArchive {
  /** What is small: JSON, mostly. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** What is large, in the content store now. */
  readonly blobs: ReadonlyMap<string, BlobInfo>;
  /** Symbolic and hard links: name to name. */
  readonly links: ReadonlyMap<string, string>;
}

/** Written at a time: Docker's client sends archives in pieces of 32 KiB, too small to ask another thread for each. */
const WRITE_BYTES = 1 << 20;
const MAX_ENTRIES = 100_000;
const MAX_DOCUMENT_BYTES = 1 << 20;
const MAX_DOCUMENTS_BYTES = 64 << 20;

/**
 * Reads an archive of images once, in whatever order it is and however large: layers go to the content store as they
 * come, since what they belong to is often said only at the end.
 * @throws InvalidArgument when the archive is damaged, over the bounds, or a blob is not what its name says
 */
export async function spoolArchive(
  archive: ByteSource,
  deps: SpoolDeps,
  signal?: AbortSignal,
): Promise<SpooledArchive> {
  const documents = new Map<string, Uint8Array>();
  const blobs = new Map<string, BlobInfo>();
  const links = new Map<string, string>();
  let entries = 0;
  let documentsBytes = 0;
  for await (const member of readTar(decompressArchive(archive))) {
    throwIfAborted(signal, "reading the archive");
    entries += 1;
    if (entries > MAX_ENTRIES) throw new InvalidArgument(`invalid archive: more than ${MAX_ENTRIES} entries`);
    const { entry } = member;
    const name = posix.normalize(entry.name);
    if (entry.type === "symlink") links.set(name, posix.join(posix.dirname(name), entry.linkName));
    else if (entry.type === "hardlink") links.set(name, posix.normalize(entry.linkName));
    else if (entry.type !== "file") continue;
    else if (isDocument(name, entry.sizeBytes)) {
      documentsBytes += entry.sizeBytes;
      if (documentsBytes > MAX_DOCUMENTS_BYTES)
        throw new InvalidArgument(`invalid archive: more than ${MAX_DOCUMENTS_BYTES} bytes in small files`);
      documents.set(name, await collectBytes(member.body, MAX_DOCUMENT_BYTES, name));
    } else blobs.set(name, await spoolBlob(member, name, entries, deps, signal));
  }
  return { documents, blobs, links };
}

function isDocument(name: string, sizeBytes: number): boolean {
  return sizeBytes <= MAX_DOCUMENT_BYTES && !name.endsWith(".tar") && digestInName(name) === undefined;
}

/** The digest a file of an OCI layout has for a name. */
function digestInName(name: string): Digest | undefined {
  const match = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(name);
  const digest = match ? `${match[1]}:${match[2]}` : "";
  return isDigest(digest) ? digest : undefined;
}

async function spoolBlob(
  member: TarMember,
  name: string,
  number: number,
  deps: SpoolDeps,
  signal: AbortSignal | undefined,
): Promise<BlobInfo> {
  const digest = digestInName(name);
  if (digest) deps.lease.add(digest);
  const known = digest && deps.content.info(digest);
  if (known) return known; // the member's bytes are skipped
  const key = digest ?? `load ${deps.jobId} ${number}`;
  const follower = deps.early?.begin(member.entry.sizeBytes);
  return await ingestStream(member.body, { ...deps, key, digest, follower, signal });
}

export interface IngestStreamRequest extends Omit<SpoolDeps, "jobId" | "early"> {
  readonly key: string;
  /** What the bytes must be; absent: whatever they are. */
  readonly digest?: Digest;
  /** Reads behind us. */
  readonly follower?: EarlyLayer;
  readonly signal?: AbortSignal;
}

/** A whole stream as a blob, leased before it is visible. What fails leaves nothing. */
export async function ingestStream(source: ByteSource, request: IngestStreamRequest): Promise<BlobInfo> {
  const { content, lease, key, digest, follower } = request;
  await using ingest = await content.ingest(key);
  try {
    await ingest.restart();
    await copyInto(ingest, source, request);
    lease.add(digest ?? ingest.digest());
    const blob = await ingest.commit({ digest });
    follower?.complete(blob.digest);
    return blob;
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}

async function copyInto(
  ingest: Ingest,
  source: ByteSource,
  { follower, signal }: IngestStreamRequest,
): Promise<void> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const write = async () => {
    await ingest.write(...pieces);
    follower?.progress(ingest.offset, ingest.file);
    pieces = [];
    bytes = 0;
  };
  for await (const chunk of source) {
    throwIfAborted(signal, "reading the archive");
    pieces.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= WRITE_BYTES) await write();
  }
  if (bytes > 0) await write();
}
