import type { Digest } from "#base/digest.ts";
import { digestOf } from "#base/digest-of.ts";
import { InvalidArgument } from "#base/errors.ts";
import type { BlobInfo, ContentStore, Lease } from "#storage/types.ts";
import { storeBytes } from "../store-bytes.ts";
import type { SpooledArchive } from "./spool.ts";

/** Links to links there may be; Docker itself writes one. */
const MAX_LINKS = 8;

/** The files of an archive that was read, found by their names or through links. */
export class ArchiveFiles {
  readonly #archive: SpooledArchive;
  readonly #content: Pick<ContentStore, "ingest" | "info">;
  readonly #lease: Lease;

  constructor(archive: SpooledArchive, content: Pick<ContentStore, "ingest" | "info">, lease: Lease) {
    this.#archive = archive;
    this.#content = content;
    this.#lease = lease;
  }

  /** A small file's text. */
  text(name: string): string | undefined {
    const bytes = this.#archive.documents.get(this.#followed(name));
    return bytes && Buffer.from(bytes).toString("utf8");
  }

  /** A file as a blob of the content store. @throws InvalidArgument when the archive has no such file */
  async blob(name: string): Promise<BlobInfo> {
    const target = this.#followed(name);
    const large = this.#archive.blobs.get(target);
    if (large) return large;
    const bytes = this.#archive.documents.get(target);
    if (!bytes) throw this.missing(name);
    const digest = digestOf(bytes);
    this.#lease.add(digest);
    await storeBytes(this.#content, digest, bytes);
    return { digest, sizeBytes: bytes.byteLength };
  }

  /** Blobs no larger than this that the archive has under their digests, whether or not anything leads to them. */
  smallBlobs(maxBytes: number): BlobInfo[] {
    return [...this.#archive.blobs.values()].filter(({ sizeBytes }) => sizeBytes <= maxBytes);
  }

  missing(nameOrDigest: string | Digest): InvalidArgument {
    return new InvalidArgument(`invalid archive: ${nameOrDigest} is not in it`);
  }

  #followed(name: string): string {
    let target = name;
    for (let hops = 0; hops < MAX_LINKS; hops++) {
      const next = this.#archive.links.get(target);
      if (next === undefined) break;
      target = next;
    }
    return target;
  }
}
