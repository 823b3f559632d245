import type { EventMessage } from "#spec/docker/events.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";

/** An event as a client of this version knows it; undefined when that version does not have it. */
export function eventView(event: EventMessage, version: ApiVersion): EventMessage | undefined {
  if (event.Type === "image" && event.Action === "create" && isBefore(version, "1.46")) return undefined;
  const { status, id, from, ...message } = event;
  return isBefore(version, "1.52") ? { ...oldFields(message), ...message } : message;
}

/** Fields of the first years, for the kinds of objects that existed then. */
function oldFields({ Type, Action, Actor }: EventMessage): Partial<EventMessage> {
  if (Type === "container") {
    const from = Actor.Attributes.image;
    return { status: Action, id: Actor.ID, ...(from ? { from } : {}) };
  }
  return Type === "image" ? { status: Action, id: Actor.ID } : {};
}
