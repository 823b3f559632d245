/**
 * Copying images between places, whatever these are: documents (manifests and indexes) name blobs and other documents
 * by digest, and a copy is done when the destination has all of them and a name for the first.
 */
import type { ByteSource } from "#base/streams.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { Reference } from "#spec/reference.ts";

/** A manifest or index, byte for byte. */
export interface Document {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface CopySource extends AsyncDisposable {
  /** What was named. @throws NotFound */
  root(): Promise<Document>;
  document(descriptor: Descriptor): Promise<Document>;
  /** A blob's bytes from `offset` to `end`. Nobody has checked them yet. */
  read(blob: Descriptor, offset: number, end: number): ByteSource;
  /** Where the blobs are, for a destination in the same registry that can take them from there. */
  readonly repository?: Reference;
}

export interface BlobCopy {
  readonly blob: Descriptor;
  readonly source: CopySource;
  readonly onProgress: (currentBytes: number) => void;
}

export interface CopyDestination extends AsyncDisposable {
  /** Those of these that it does not have. */
  missing(blobs: readonly Descriptor[]): Promise<Descriptor[]>;
  /** Takes one blob. @returns what was done: "Copied", "Mounted from team/app" */
  put(copy: BlobCopy): Promise<string>;
  /** After all blobs; what names others comes after them, the root last. */
  putDocument(document: Document, isRoot: boolean): Promise<void>;
  /** Makes it all visible. */
  finish(root: Descriptor): Promise<void>;
  /** Why it cannot take an image for several platforms whole; undefined, or not asked, when it can. */
  refusesIndex?(): Promise<string | undefined>;
}
