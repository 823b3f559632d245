import type { Digest } from "#base/digest.ts";
import { Conflict } from "#base/errors.ts";
import { shortId } from "#base/ids.ts";
import { parseReference, type Reference, repositoryName, withDefaultTag } from "#spec/reference.ts";
import { isIdOf } from "./resolve.ts";
import type { ImageRecord, ReferenceRecord } from "./types.ts";

/** What decides whether an image may go. */
export interface RemoveFacts {
  readonly image: ImageRecord;
  readonly references: readonly ReferenceRecord[];
  readonly hasChildren: boolean;
  readonly users: readonly { readonly id: string; readonly running: boolean }[];
}

export interface RemovePlan {
  /** Canonical names to take away, in the order Docker tells them. */
  readonly untag: readonly string[];
  readonly deletesImage: boolean;
}

/**
 * Docker's rules for `rmi`. By name: that name goes, and the image with the last one, unless containers or other images
 * still need it. By id: all names go with the image, unless they are of several repositories. A running container
 * keeps its image whatever is forced.
 * @throws Conflict with Docker's texts when nothing may be done
 */
export function planRemove(nameOrId: string, force: boolean, facts: RemoveFacts): RemovePlan {
  if (!isIdOf(facts.image, nameOrId)) return planByName(nameOrId, force, facts);
  const conflict = conflictOf(facts, { force, hasOtherNames: !isOneName(facts.references) });
  if (conflict) throw conflict;
  return { untag: facts.references.map(({ name }) => name), deletesImage: true };
}

/** @throws Conflict when the image may not go whatever its names */
export function checkRemoval(facts: RemoveFacts, force: boolean): void {
  const conflict = conflictOf(facts, { force, hasOtherNames: false });
  if (conflict) throw conflict;
}

function planByName(nameOrId: string, force: boolean, facts: RemoveFacts): RemovePlan {
  const { image, references, users } = facts;
  const user = users[0];
  if (!force && user && isOneName(references))
    throw new Conflict(
      `conflict: unable to remove repository reference "${nameOrId}" (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`,
    );
  const untag = namesGoingWith(withDefaultTag(parseReference(nameOrId)), references);
  const isLast = untag.length === references.length;
  return { untag, deletesImage: isLast && !conflictOf(facts, { force, hasOtherNames: false }) };
}

/** The name itself; with a repository's last tag also its digests, which nobody would find again. */
function namesGoingWith(removed: Reference, references: readonly ReferenceRecord[]): string[] {
  const siblings = references
    .map(({ name }) => ({ name, reference: parseReference(name) }))
    .filter(({ reference }) => repositoryName(reference) === repositoryName(removed));
  const isMeant = ({ reference: { tag, digest } }: (typeof siblings)[number]) =>
    removed.digest ? digest === removed.digest : !digest && tag === removed.tag;
  const others = siblings.filter((sibling) => !isMeant(sibling));
  const isLastTag = !removed.digest && others.every(({ reference }) => reference.digest);
  return [...siblings.filter(isMeant), ...(isLastTag ? others : [])].map(({ name }) => name);
}

/** Whether all names say the same thing: one tag, perhaps with the digest it was pulled by. */
function isOneName(references: readonly ReferenceRecord[]): boolean {
  if (references.length <= 1) return true;
  const parsed = references.map(({ name }) => parseReference(name));
  const tags = parsed.filter(({ digest }) => !digest);
  const repositories = new Set(parsed.map(repositoryName));
  return tags.length <= 1 && repositories.size === 1;
}

function conflictOf(
  { image, hasChildren, users }: RemoveFacts,
  { force, hasOtherNames }: { readonly force: boolean; readonly hasOtherNames: boolean },
): Conflict | undefined {
  const running = users.find((user) => user.running);
  if (hasChildren) return cannotDelete(image.id, "cannot be forced", "image has dependent child images");
  if (running)
    return cannotDelete(
      image.id,
      "cannot be forced",
      `image is being used by running container ${shortId(running.id)}`,
    );
  if (force) return undefined;
  if (hasOtherNames)
    return cannotDelete(image.id, "must be forced", "image is referenced in multiple repositories");
  const stopped = users[0];
  if (!stopped) return undefined;
  return cannotDelete(
    image.id,
    "must be forced",
    `image is being used by stopped container ${shortId(stopped.id)}`,
  );
}

function cannotDelete(id: Digest, how: string, reason: string): Conflict {
  return new Conflict(`conflict: unable to delete ${shortId(id)} (${how}) - ${reason}`);
}
