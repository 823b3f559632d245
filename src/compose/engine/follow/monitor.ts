import { NotFound } from "#base/errors.ts";
import type { EngineEvent } from "#client/system.ts";
import { LABEL, type Labels } from "../labels.ts";
import { shortName } from "../names.ts";
import type { ComposeClient } from "../types.ts";

/** Something that happened to a container of the project. */
export interface MonitorEvent {
  readonly kind: "created" | "started" | "exited";
  readonly id: string;
  readonly service: string;
  /** Its short name. */
  readonly source: string;
  readonly labels: Labels;
  /** When, in seconds with nanoseconds. */
  readonly time: string;
  /** Of one that exited. */
  readonly exitCode: number;
  /** It exited and its policy starts it again. */
  readonly isRestarting: boolean;
}

const KINDS: Readonly<Record<string, MonitorEvent["kind"]>> = {
  create: "created",
  start: "started",
  die: "exited",
};

export interface MonitorOptions {
  readonly project: string;
  /** Only these services. */
  readonly services: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/**
 * Events of the project's replicas, from the moment on that the promise resolves. An exit is told together with whether
 * it is the last one.
 */
export async function monitor(
  client: ComposeClient,
  { project, services, signal }: MonitorOptions,
): Promise<AsyncGenerator<MonitorEvent>> {
  const events = await client.system.openEvents({
    filters: { type: ["container"], event: Object.keys(KINDS), label: [`${LABEL.project}=${project}`] },
    signal,
  });
  return relevantEvents(client, events, services);
}

async function* relevantEvents(
  client: ComposeClient,
  events: AsyncGenerator<EngineEvent>,
  services: ReadonlySet<string>,
): AsyncGenerator<MonitorEvent> {
  for await (const { Action, Actor, timeNano } of events) {
    const labels = Actor.Attributes ?? {};
    const service = labels[LABEL.service] ?? "";
    const kind = KINDS[Action];
    if (!kind || !services.has(service) || labels[LABEL.oneoff] !== "False") continue;
    yield {
      kind,
      id: Actor.ID,
      service,
      source: shortName(labels.name ?? "", labels),
      labels,
      time: `${timeNano / 1_000_000_000n}.${String(timeNano % 1_000_000_000n).padStart(9, "0")}`,
      exitCode: Number(labels.exitCode ?? 0),
      isRestarting: kind === "exited" && (await isRestarting(client, Actor.ID)),
    };
  }
}

async function isRestarting({ containers }: ComposeClient, id: string): Promise<boolean> {
  try {
    const { State } = await containers.inspect(id);
    return State.Restarting || State.Status === "running";
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
