import { systemClock } from "#base/clock.ts";
import { NotFound } from "#base/errors.ts";
import type { Repository } from "#registry/client.ts";
import type { Credentials } from "#registry/credentials.ts";
import type { PushRepository, UploadSession } from "#registry/push-repository.ts";
import { readBlob } from "#registry/read-blob.ts";
import type { Registries } from "#registry/registries.ts";
import { uploadBlob } from "#registry/upload-blob.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { familiarReference, type Reference } from "#spec/reference.ts";
import type { BlobCopy, CopyDestination, CopySource, Document } from "./types.ts";

const MAX_ATTEMPTS = 5;

export class RegistrySource implements CopySource {
  readonly repository: Reference;
  readonly #registry: Repository;

  constructor(registries: Registries, reference: Reference, credentials: Credentials) {
    this.repository = reference;
    this.#registry = registries.open(reference, credentials);
  }

  async root(): Promise<Document> {
    const { digest, tag } = this.repository;
    return await this.#registry.manifest(digest ?? tag!);
  }

  async document({ digest, mediaType }: Descriptor): Promise<Document> {
    const { descriptor, bytes } = await this.#registry.manifest(digest);
    return { descriptor: { ...descriptor, mediaType: descriptor.mediaType || mediaType }, bytes };
  }

  read({ digest }: Descriptor, offset: number, end: number) {
    return readBlob(this.#registry, digest, { offset, end });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export class RegistryDestination implements CopyDestination {
  readonly #registry: PushRepository;
  readonly #reference: Reference;

  constructor(registries: Registries, reference: Reference, credentials: Credentials) {
    this.#reference = reference;
    this.#registry = registries.openForPush(reference, credentials);
  }

  async missing(blobs: readonly Descriptor[]): Promise<Descriptor[]> {
    await this.#registry.check();
    const has = await Promise.all(blobs.map(({ digest }) => this.#registry.hasBlob(digest)));
    return blobs.filter((_, index) => !has[index]);
  }

  async put({ blob, source, onProgress }: BlobCopy): Promise<string> {
    const { domain, path } = this.#reference;
    const from = source.repository;
    const isSameRegistry = from?.domain === domain && from.path !== path;
    const mounted = isSameRegistry ? await this.#mount(blob, from.path) : undefined;
    if (mounted === "mounted") return `Mounted from ${from!.path}`;
    const open = (offset: number, end: number) => source.read(blob, offset, end);
    await uploadBlob(
      { repository: this.#registry, clock: systemClock, maxAttempts: MAX_ATTEMPTS },
      { digest: blob.digest, sizeBytes: blob.size, open, session: mounted, onProgress },
    );
    return "Copied";
  }

  /** A registry that refuses the question gets the bytes. */
  async #mount({ digest }: Descriptor, from: string): Promise<"mounted" | UploadSession | undefined> {
    return await this.#registry.mount(digest, from).catch(() => undefined);
  }

  async putDocument({ descriptor, bytes }: Document, isRoot: boolean): Promise<void> {
    const { tag, digest } = this.#reference;
    if (isRoot && digest && digest !== descriptor.digest)
      throw new NotFound(`${familiarReference(this.#reference)} is not the digest of what is copied`, {
        hint: `it is ${descriptor.digest}`,
      });
    await this.#registry.putManifest(isRoot && tag ? tag : descriptor.digest, descriptor, bytes);
  }

  async finish(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
