import type { EventMessage } from "#spec/docker/events.ts";
import type { NewEvent } from "./types.ts";

/** What every event about a container tells of it. */
export interface ContainerSubject {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** As the user typed it; "" for none. */
  readonly imageName: string;
  readonly labels: Readonly<Record<string, string>> | null | undefined;
}

/**
 * A container's event with Docker's attributes: its labels, then image and name, which win over labels of that name,
 * then what the action adds ("exitCode", "signal", …).
 */
export function containerEvent(
  subject: ContainerSubject,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): NewEvent {
  return {
    type: "container",
    action,
    id: subject.id,
    attributes: {
      ...subject.labels,
      ...attributes,
      ...(subject.imageName ? { image: subject.imageName } : {}),
      name: subject.name,
    },
  };
}

/** The event as the API sends it. @param timeNano nanoseconds since 1970; a number keeps some 256 ns of it */
export function toMessage(event: NewEvent, timeNano: number): EventMessage {
  return {
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: { ...event.attributes } },
    scope: "local",
    time: Math.floor(timeNano / 1e9),
    timeNano,
  };
}
