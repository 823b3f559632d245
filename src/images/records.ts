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
      indexes: { [BY_IMAGE]: ({ imageId, others = [] }) => [imageId, ...others] },
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
    for (const reference of this.referencesWith(id)) {
      const others = reference.others?.filter((other) => other !== id);
      if (reference.imageId !== id) this.#references.put({ ...reference, others });
    }
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

  /** What a text names; undefined for an id or a name nobody has. */
  named(nameOrId: string): ReferenceRecord | undefined {
    try {
      return this.reference(withDefaultTag(parseReference(nameOrId)));
    } catch {
      return undefined; // an id is no reference
    }
  }

  references(): ReferenceRecord[] {
    return this.#references.list();
  }

  /** Names that stand for this very image. */
  referencesOf(imageId: Digest): ReferenceRecord[] {
    return this.referencesWith(imageId).filter((reference) => reference.imageId === imageId);
  }

  /** Also the names of an index in which it is the image for another platform than the one they stand for. */
  referencesWith(imageId: Digest): ReferenceRecord[] {
    return this.#references.find(BY_IMAGE, imageId);
  }

  /** What the name stood for stays beside the new image when both are of one index, for different platforms. */
  putReference(reference: Reference, pointing: Omit<ReferenceRecord, "name">): void {
    const name = keyOf(reference);
    const before = this.#references.get(name);
    const isSame = before?.target.digest === pointing.target.digest;
    const kept = isSame ? [before!.imageId, ...(before!.others ?? [])] : [];
    const others = [...new Set([...kept, ...(pointing.others ?? [])])].filter(
      (id) => id !== pointing.imageId && this.#images.get(id) !== undefined,
    );
    const { imageId, target } = pointing;
    this.#references.put({ name, imageId, target, ...(others.length > 0 ? { others } : {}) });
  }

  /** The same name and images under another manifest or index. */
  retarget(reference: ReferenceRecord, target: Descriptor): void {
    this.#references.put({ ...reference, target });
  }

  /** The same name for another of its images, `gone` no longer among them. */
  replacePreferred({ name, target, others = [] }: ReferenceRecord, gone: Digest): void {
    const [imageId, ...rest] = others.filter((id) => id !== gone);
    if (imageId !== undefined) this.#references.put({ name, target, imageId, others: rest });
  }

  deleteReference(name: string): void {
    this.#references.delete(name);
  }

  view(image: ImageRecord): ImageView {
    const references = this.referencesWith(image.id).map(({ name }) => parseReference(name));
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
