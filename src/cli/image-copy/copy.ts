import { Limiter } from "#base/async.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { shortId } from "#base/ids.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import { canonicalReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { selectManifest } from "#spec/select-manifest.ts";
import type { CopyDestination, CopySource, Document } from "./types.ts";

export interface CopyRequest {
  readonly source: CopySource;
  readonly destination: CopyDestination;
  /** All platforms, else only this one. */
  readonly platforms: "all" | Platform;
  readonly emit: (line: ProgressLine) => void;
}

const MAX_PARALLEL_BLOBS = 5;
const MAX_INDEX_DEPTH = 3;

/**
 * Brings an image to another place under the digest it has: blobs first and only those that are missing, then what
 * names them.
 * @returns the root as it is there
 */
export async function copyImage({ source, destination, platforms, emit }: CopyRequest): Promise<Descriptor> {
  const root = await chooseRoot(source, await source.root(), platforms);
  const refusal = isIndex(root) ? await destination.refusesIndex?.() : undefined;
  if (refusal !== undefined) throw new InvalidArgument(refusal);
  const documents = await collectDocuments(source, root, 0);
  const blobs = blobsOf(documents);
  const missing = new Set((await destination.missing(blobs)).map(({ digest }) => digest));
  const limiter = new Limiter(MAX_PARALLEL_BLOBS);
  const outcomes = await Promise.allSettled(
    blobs.map((blob) =>
      limiter.run(async () => {
        const id = shortId(blob.digest);
        if (!missing.has(blob.digest)) return emit({ id, status: "Already there" });
        const onProgress = (current: number) =>
          emit({ id, status: "Copying", progressDetail: { current, total: blob.size } });
        emit({ id, status: await destination.put({ blob, source, onProgress }) });
      }),
    ),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  for (const document of documents) await destination.putDocument(document, document === root);
  await destination.finish(root.descriptor);
  return root.descriptor;
}

async function chooseRoot(
  source: CopySource,
  root: Document,
  platforms: "all" | Platform,
): Promise<Document> {
  let chosen = root;
  for (let depth = 0; platforms !== "all" && isIndex(chosen); depth++) {
    if (depth > MAX_INDEX_DEPTH) throw tooDeep();
    const parsed = parse(chosen);
    if (parsed.kind !== "index") break;
    const { platform: _platform, ...descriptor } = selectManifest(parsed.index, platforms);
    chosen = await source.document(descriptor);
  }
  return chosen;
}

/** Everything from a document on, what names others after them. */
async function collectDocuments(source: CopySource, document: Document, depth: number): Promise<Document[]> {
  if (depth > MAX_INDEX_DEPTH) throw tooDeep();
  const parsed = parse(document);
  if (parsed.kind !== "index") return [document];
  const parts: Document[] = [];
  for (const child of parsed.index.manifests)
    parts.push(...(await collectDocuments(source, await source.document(child), depth + 1)));
  return [...parts, document];
}

/** Each once; layers that are to be had elsewhere stay there. */
function blobsOf(documents: readonly Document[]): Descriptor[] {
  const blobs = new Map<string, Descriptor>();
  for (const document of documents) {
    const parsed = parse(document);
    if (parsed.kind !== "manifest") continue;
    for (const blob of [...parsed.manifest.layers, parsed.manifest.config])
      if (mediaKind(blob.mediaType) !== "foreignLayer") blobs.set(blob.digest, blob);
  }
  return [...blobs.values()];
}

function isIndex(document: Document): boolean {
  return parse(document).kind === "index";
}

function parse({ descriptor, bytes }: Document) {
  return parseManifest(
    Buffer.from(bytes).toString("utf8"),
    descriptor.mediaType,
    `manifest ${descriptor.digest}`,
  );
}

function tooDeep(): InvalidArgument {
  return new InvalidArgument(`more than ${MAX_INDEX_DEPTH} indexes within each other`);
}

/** Whether two names mean the same image, however complete they are: archives spell them in full or as people do. */
export function isSameName(a: string, b: string): boolean {
  return a === b || fullName(a) === fullName(b);
}

function fullName(name: string): string {
  try {
    return canonicalReference(withDefaultTag(parseReference(name)));
  } catch {
    return name; // a layout's names may be anything
  }
}

/** @throws NotFound with what is there instead */
export function onlyOne<T>(found: readonly T[], what: string, names: readonly string[]): T {
  if (found.length === 1) return found[0]!;
  throw new NotFound(
    found.length === 0
      ? `${what} is not there${names.length > 0 ? `: it has ${names.join(", ")}` : ""}`
      : `${what} holds ${found.length} images: say which after a colon (${names.join(", ")})`,
  );
}
