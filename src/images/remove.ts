import type { Digest } from "#base/digest.ts";
import type { Events } from "#events/types.ts";
import type { ImageDeleteItem } from "#spec/docker/images.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { familiarReference, parseReference } from "#spec/reference.ts";
import { imageEvent } from "./events.ts";
import type { ImageRecords } from "./records.ts";
import { checkRemoval, planRemove } from "./remove-plan.ts";
import { getImage } from "./resolve.ts";
import type { ImageRecord, ImageUsers } from "./types.ts";

export interface RemoveDeps {
  readonly records: ImageRecords;
  readonly users: ImageUsers;
  readonly events: Pick<Events, "emit">;
  /** Frees what no image needs any more. @returns chainIDs of the layers that went */
  readonly collect: () => Promise<readonly Digest[]>;
}

export interface RemoveRequest {
  readonly nameOrId: string;
  readonly force: boolean;
  /** Also the parents that are left without name and children. */
  readonly prune: boolean;
  /** Of a name for several only these. */
  readonly platforms?: readonly Platform[];
}

/**
 * `docker rmi`. Names and records go in one transaction; the files follow, and what a crash leaves of them is
 * collected with the next removal.
 * @throws NotFound; Conflict when containers, other images or other names need it
 */
export async function removeImage(request: RemoveRequest, deps: RemoveDeps): Promise<ImageDeleteItem[]> {
  const { records, users } = deps;
  if (request.platforms && request.platforms.length > 0)
    return await removePlatforms({ ...request, platforms: request.platforms }, deps);
  const image = getImage(records, request.nameOrId);
  const references = records.referencesOf(image.id);
  const hasChildren = records.childrenOf(image.id).length > 0;
  const facts = { image, references, hasChildren, users: users.usersOf(image.id) };
  const plan = planRemove(request.nameOrId, request.force, facts);
  const beside = references
    .filter(({ name }) => plan.untag.includes(name))
    .flatMap(({ others = [] }) => others.flatMap((id) => records.image(id) ?? []));
  const parents = plan.deletesImage && request.prune ? uselessParents(image, deps) : [];
  const gone = [...(plan.deletesImage ? [image] : []), ...parents];
  records.transaction(() => {
    for (const name of plan.untag) records.deleteReference(name);
    for (const other of new Set(beside)) if (isUseless(other, deps)) gone.push(other);
    for (const { id } of gone) records.deleteImage(id);
  });
  for (const _name of plan.untag) deps.events.emit(imageEvent("untag", image, image.id));
  for (const each of gone) deps.events.emit(imageEvent("delete", each, each.id));
  const untagged = plan.untag.map((name) => ({ Untagged: familiarReference(parseReference(name)) }));
  const layers = gone.length > 0 ? await deps.collect() : [];
  return [...untagged, ...[...gone.map(({ id }) => id), ...layers].map((Deleted) => ({ Deleted }))];
}

/**
 * `docker rmi --platform`: the name goes on standing for the platforms that are left; with the last one it goes.
 * @throws NotFound when one of them is not here; Conflict when a container uses it
 */
async function removePlatforms(
  request: RemoveRequest & { readonly platforms: readonly Platform[] },
  deps: RemoveDeps,
): Promise<ImageDeleteItem[]> {
  const { records, users } = deps;
  const { nameOrId, platforms, force, prune } = request;
  const removed: ImageDeleteItem[] = [];
  for (const image of new Set(platforms.map((platform) => getImage(records, nameOrId, platform)))) {
    const references = records.referencesWith(image.id);
    if (references.every(({ others = [] }) => others.length === 0)) {
      removed.push(...(await removeImage({ nameOrId, force, prune }, deps)));
      continue;
    }
    checkRemoval({ image, references: [], hasChildren: false, users: users.usersOf(image.id) }, force);
    records.transaction(() => {
      for (const reference of references)
        if (reference.imageId === image.id) records.replacePreferred(reference, image.id);
      records.deleteImage(image.id);
    });
    deps.events.emit(imageEvent("delete", image, image.id));
    removed.push({ Deleted: image.id });
  }
  const layers = await deps.collect();
  return [...removed, ...layers.map((Deleted) => ({ Deleted }))];
}

/** An image for another platform that has lost the name it was here for. */
function isUseless({ id }: ImageRecord, { records, users }: RemoveDeps): boolean {
  return (
    records.referencesWith(id).length === 0 &&
    users.usersOf(id).length === 0 &&
    records.childrenOf(id).length === 0
  );
}

/** The ancestors that nothing but this image kept: without names, containers or other children. */
function uselessParents(image: ImageRecord, { records, users }: RemoveDeps): ImageRecord[] {
  const found: ImageRecord[] = [];
  let child = image;
  for (;;) {
    const parent = child.parent === undefined ? undefined : records.image(child.parent);
    if (!parent || found.includes(parent)) return found;
    const isNeeded =
      records.referencesOf(parent.id).length > 0 ||
      users.usersOf(parent.id).length > 0 ||
      records.childrenOf(parent.id).some(({ id }) => id !== child.id);
    if (isNeeded) return found;
    found.push(parent);
    child = parent;
  }
}
