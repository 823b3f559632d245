import type { Digest } from "#base/digest.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import {
  canonicalReference,
  familiarReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from "#spec/reference.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { ImageRecord, ImageView, ReferenceRecord } from "./types.ts";

const BY_PARENT = "parent";
const BY_IMAGE = "image";

/** Images and their names in the state store. Each change of several of them is one transaction of the caller. */
export class ImageRecords {
  readonly #state: StateStore;
  readonly #images: Collection<ImageRecord>;
  readonly #references: Collection<ReferenceRecord>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#images = state.collection<ImageRecord>({
      name: "images",
      key: (image) => image.id,
      indexes: { [BY_PARENT]: (image) => (image.parent ? [image.parent] : []) },
    });
    this.#references = state.collection<ReferenceRecord>({
      name: "image-references",
      key: (reference) => reference.name,
      indexes: { [BY_IMAGE]: (reference) => [reference.imageId] },
    });
  }

  transaction<R>(work: () => R): R {
    return this.#state.transaction(work);
  }

  image(id: Digest): ImageRecord | undefined {
    return this.#images.get(id);
  }

  images(): ImageRecord[] {
    return this.#images.list();
  }

  count(): number {
    return this.#images.count();
  }

  putImage(image: ImageRecord): void {
    this.#images.put(image);
  }

  deleteImage(id: Digest): void {
    this.#images.delete(id);
  }

  /** Ids that begin with "sha256:" and these digits; at most two, which is enough to know that they are ambiguous. */
  idsWithPrefix(hexPrefix: string): Digest[] {
    return this.#images.keysWithPrefix(`sha256:${hexPrefix}`, 2);
  }

  /** Images built on this one here. */
  childrenOf(id: Digest): ImageRecord[] {
    return this.#images.find(BY_PARENT, id);
  }

  reference(reference: Reference): ReferenceRecord | undefined {
    return this.#references.get(keyOf(reference));
  }

  /** What a name points at; undefined for an id or a name nobody has. */
  targetOf(nameOrId: string): Descriptor | undefined {
    try {
      return this.reference(withDefaultTag(parseReference(nameOrId)))?.target;
    } catch {
      return undefined; // an id is no reference
    }
  }

  references(): ReferenceRecord[] {
    return this.#references.list();
  }

  referencesOf(imageId: Digest): ReferenceRecord[] {
    return this.#references.find(BY_IMAGE, imageId);
  }

  putReference(reference: Reference, pointing: Omit<ReferenceRecord, "name">): void {
    this.#references.put({ ...pointing, name: keyOf(reference) });
  }

  deleteReference(name: string): void {
    this.#references.delete(name);
  }

  view(image: ImageRecord): ImageView {
    const references = this.referencesOf(image.id).map(({ name }) => parseReference(name));
    const familiar = (wanted: boolean) =>
      references.filter(({ digest }) => (digest !== undefined) === wanted).map(familiarReference);
    return { ...image, repoTags: familiar(false), repoDigests: familiar(true) };
  }
}

/** A digest says more than the tag it was written with: "debian:12@sha256:…" is kept as "debian@sha256:…". */
function keyOf(reference: Reference): string {
  return reference.digest
    ? `${repositoryName(reference)}@${reference.digest}`
    : canonicalReference(reference);
}
