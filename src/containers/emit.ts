import { containerEvent } from "#events/make.ts";
import type { Context } from "./context.ts";
import type { LifecycleSubject } from "./lifecycle.ts";
import type { ContainerRecord } from "./types.ts";

export function emitContainerEvent(
  ctx: Pick<Context, "events">,
  record: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const { id, name, imageName, config } = record;
  ctx.events.emit(containerEvent({ id, name, imageName, labels: config.Labels }, action, attributes));
}

/** What the state table is asked about: a container somebody is removing counts as such before its record says so. */
export function subjectOf(ctx: Pick<Context, "live">, record: ContainerRecord): LifecycleSubject {
  const { id, name, state } = record;
  return { id, name, status: ctx.live.find(id)?.isBeingRemoved ? "removing" : state.status };
}
