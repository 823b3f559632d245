import { InvalidArgument } from "#base/errors.ts";
import type { EventMessage } from "#spec/docker/events.ts";
import type { EventFilter } from "./types.ts";

type Matches = (message: EventMessage, values: readonly string[]) => boolean;

/** Actions that carry detail after a colon: "exec_create: ls". Asked for without it, they match any detail. */
const ACTIONS_WITH_DETAIL = ["exec_create", "exec_start", "health_status"];

/** Keys of `docker events --filter`: one row says what a value of it means. */
const ROWS: Readonly<Record<string, Matches>> = {
  config: namesActor,
  container: namesActor,
  daemon: namesActor,
  event: matchesAction,
  image: matchesImage,
  label: matchesLabels,
  network: namesActor,
  node: namesActor,
  plugin: namesActor,
  scope: (message, values) => values.includes(message.scope),
  secret: namesActor,
  service: namesActor,
  type: (message, values) => values.includes(message.Type),
  volume: namesActor,
};

/**
 * Turns Docker's filters into one test. Different keys must all match; of several values for one key any may, except
 * labels, which must all be there.
 * @throws InvalidArgument for a key Docker does not know
 */
export function compileFilter(filters: EventFilter = {}): (message: EventMessage) => boolean {
  const wanted = Object.entries(filters).filter(([, values]) => values.length > 0);
  const tests = wanted.map(([key, values]) => {
    const matches = Object.hasOwn(ROWS, key) ? ROWS[key] : undefined;
    if (!matches) throw new InvalidArgument(`invalid filter '${key}'`);
    return (message: EventMessage) => matches(message, values);
  });
  return (message) => tests.every((matches) => matches(message));
}

/** The beginning of the actor's id or name is enough. */
function namesActor(message: EventMessage, values: readonly string[]): boolean {
  const name = message.Actor.Attributes.name ?? "";
  return values.some((value) => message.Actor.ID.startsWith(value) || name.startsWith(value));
}

function matchesAction(message: EventMessage, values: readonly string[]): boolean {
  return values.some((value) =>
    ACTIONS_WITH_DETAIL.includes(value) ? message.Action.startsWith(value) : message.Action === value,
  );
}

/** An image by id or name, with or without its tag; for containers the image they were made from. */
function matchesImage(message: EventMessage, values: readonly string[]): boolean {
  const name = message.Actor.Attributes[message.Type === "image" ? "name" : "image"] ?? "";
  const names = [message.Actor.ID, name, withoutTag(message.Actor.ID), withoutTag(name)];
  return values.some((value) => names.includes(value));
}

/** "host:5000/debian:12" to "host:5000/debian". */
function withoutTag(reference: string): string {
  return reference.replace(/[@:][^/]*$/, "");
}

function matchesLabels(message: EventMessage, values: readonly string[]): boolean {
  return values.every((wanted) => {
    const equals = wanted.indexOf("=");
    if (equals < 0) return wanted in message.Actor.Attributes;
    return message.Actor.Attributes[wanted.slice(0, equals)] === wanted.slice(equals + 1);
  });
}
