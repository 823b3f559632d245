import type { NewEvent } from "#events/types.ts";
import { familiarName, familiarReference, type Reference } from "#spec/reference.ts";
import type { ImageRecord } from "./types.ts";

export type ImageAction = "delete" | "import" | "load" | "save" | "tag" | "untag";

/** An event about one image, with its labels and the name it was done by, as dockerd tells it. */
export function imageEvent(action: ImageAction, image: ImageRecord, name: string): NewEvent {
  const attributes = { ...image.config.config?.Labels, name };
  return { type: "image", action, id: image.id, attributes };
}

/** A pull is told by reference: who waits for it knows no id yet. */
export function pullEvent(reference: Reference, image: ImageRecord): NewEvent {
  const attributes = { ...image.config.config?.Labels, name: familiarName(reference) };
  return { type: "image", action: "pull", id: familiarReference(reference), attributes };
}

/** Told once for each push, also of all tags. */
export function pushEvent(reference: Reference, image: ImageRecord | undefined): NewEvent {
  const attributes = { ...image?.config.config?.Labels, name: familiarName(reference) };
  return { type: "image", action: "push", id: familiarReference(reference), attributes };
}

/** Told once, at the end of a prune. */
export function pruneEvent(reclaimedBytes: number): NewEvent {
  return { type: "image", action: "prune", id: "", attributes: { reclaimed: String(reclaimedBytes) } };
}
