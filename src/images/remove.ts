import type { Digest } from "#base/digest.ts";
import type { Events } from "#events/types.ts";
import type { ImageDeleteItem } from "#spec/docker/images.ts";
import { familiarReference, parseReference } from "#spec/reference.ts";
import { imageEvent } from "./events.ts";
import type { ImageRecords } from "./records.ts";
import { planRemove } from "./remove-plan.ts";
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
}

/**
 * `docker rmi`. Names and records go in one transaction; the files follow, and what a crash leaves of them is
 * collected with the next removal.
 * @throws NotFound; Conflict when containers, other images or other names need it
 */
export async function removeImage(request: RemoveRequest, deps: RemoveDeps): Promise<ImageDeleteItem[]> {
  const { records, users } = deps;
  const image = getImage(records, request.nameOrId);
  const references = records.referencesOf(image.id);
  const hasChildren = records.childrenOf(image.id).length > 0;
  const facts = { image, references, hasChildren, users: users.usersOf(image.id) };
  const plan = planRemove(request.nameOrId, request.force, facts);
  const gone = plan.deletesImage ? [image, ...(request.prune ? uselessParents(image, deps) : [])] : [];
  records.transaction(() => {
    for (const name of plan.untag) records.deleteReference(name);
    for (const { id } of gone) records.deleteImage(id);
  });
  for (const _name of plan.untag) deps.events.emit(imageEvent("untag", image, image.id));
  for (const each of gone) deps.events.emit(imageEvent("delete", each, each.id));
  const untagged = plan.untag.map((name) => ({ Untagged: familiarReference(parseReference(name)) }));
  const layers = plan.deletesImage ? await deps.collect() : [];
  return [...untagged, ...[...gone.map(({ id }) => id), ...layers].map((Deleted) => ({ Deleted }))];
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
