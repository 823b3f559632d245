import { InvalidArgument } from "#base/errors.ts";
import type { Service } from "../../model/types.ts";
import { dependentsOf, referencedServices } from "../graph.ts";
import { containerName } from "../names.ts";
import type { ObservedContainer } from "../types.ts";
import { differsFrom } from "./differs.ts";
import { addNode, type Draft, type Replica, stopAndRemove, stopOnce } from "./draft.ts";
import { networkNodesOf } from "./networks.ts";
import type { PlanNode } from "./types.ts";
import { volumeNodesOf } from "./volumes.ts";

/**
 * Replicas that are too many go, those that differ are replaced, those that are missing are made. Called in dependency
 * order: whether a container shares namespaces with one that is replaced is then known.
 */
export function planService(draft: Draft, service: Service): void {
  const wanted = replicasOf(service);
  const found = draft.containers[service.name] ?? [];
  const differs = differsFrom(draft, service);
  const diverged = new Set(found.filter(differs).map(({ id }) => id));
  const sorted = [...found].sort((a, b) => keepFirst(a, b, diverged));
  const before = prerequisites(draft, service);
  const nodes: PlanNode[] = [];
  for (const container of sorted.slice(wanted)) nodes.push(stopAndRemove(draft, container));
  for (const container of sorted.slice(0, wanted))
    if (diverged.has(container.id)) nodes.push(replaceContainer(draft, service, { container, before }));
  const next = 1 + Math.max(0, ...found.map(({ number }) => number));
  for (let number = next; number < next + wanted - found.length; number++)
    nodes.push(createContainer(draft, service, { number, before }));
  draft.serviceNodes.set(service.name, nodes);
}

/** @throws InvalidArgument when replicas would all have the same name */
export function replicasOf({ name, scale, deploy, container_name }: Service): number {
  const count = scale ?? deploy?.replicas ?? 1;
  if (count > 1 && container_name)
    throw new InvalidArgument(
      `service "${name}" cannot have ${count} replicas: its container name is fixed to "${container_name}"`,
      { hint: "Remove 'container_name' to scale the service" },
    );
  return count;
}

/** Of too many, those that are right stay before those that are not, low numbers before high ones. */
function keepFirst(a: ObservedContainer, b: ObservedContainer, diverged: ReadonlySet<string>): number {
  return (
    Number(diverged.has(a.id)) - Number(diverged.has(b.id)) || a.number - b.number || b.created - a.created
  );
}

/** Networks, volumes and containers it refers to. Services it only waits for are the start's matter. */
function prerequisites(draft: Draft, service: Service): (PlanNode | undefined)[] {
  return [
    ...networkNodesOf(draft, service),
    ...volumeNodesOf(draft, service),
    ...referencedServices(service).flatMap((name) => draft.serviceNodes.get(name) ?? []),
  ];
}

interface CreateOptions {
  readonly number: number;
  readonly before: readonly (PlanNode | undefined)[];
}

function createContainer(draft: Draft, service: Service, { number, before }: CreateOptions): PlanNode {
  const name = containerName(draft.input.project.name, service, number, draft.input.separator);
  const create = addNode(
    draft,
    { op: "createContainer", service, number, name, inherits: false },
    { after: before },
  );
  return rememberReplica(draft, service, number, { create, last: create, name });
}

interface ReplaceOptions {
  readonly container: ObservedContainer;
  readonly before: readonly (PlanNode | undefined)[];
}

/** The new container exists before the old one goes, so that what cannot be created leaves the old one running. */
function replaceContainer(draft: Draft, service: Service, { container, before }: ReplaceOptions): PlanNode {
  const { project, options, separator } = draft.input;
  const { number } = container;
  const name = containerName(project.name, service, number, separator);
  const create = addNode(
    draft,
    { op: "createContainer", service, number, name, replaces: container, inherits: options.inheritsVolumes },
    { after: [...before, ...stopDependents(draft, service)], replaces: container },
  );
  const stop = stopOnce(draft, container, { after: [create], replaces: container });
  const remove = addNode(
    draft,
    { op: "removeContainer", container, volumes: false },
    { after: [stop, create, ...(draft.connects.get(container.id) ?? [])], replaces: container },
  );
  const rename = addNode(
    draft,
    { op: "renameContainer", createdBy: create.id, name },
    { after: [remove], replaces: container },
  );
  draft.removed.add(container.id);
  draft.recreated.add(service.name);
  return rememberReplica(draft, service, number, { create, last: rename, name });
}

function rememberReplica(draft: Draft, { name }: Service, number: number, replica: Replica): PlanNode {
  const replicas = draft.replicas.get(name) ?? new Map<number, Replica>();
  draft.replicas.set(name, replicas.set(number, replica));
  return replica.last;
}

/** Services that say `restart: true` about this one are down while it is replaced. */
function stopDependents(draft: Draft, { name }: Service): PlanNode[] {
  const { project } = draft.input;
  return dependentsOf(project, name)
    .filter((dependent) => project.services[dependent]!.depends_on?.[name]?.restart)
    .flatMap((dependent) => draft.containers[dependent] ?? [])
    .filter(({ state }) => state === "running")
    .map((container) => stopOnce(draft, container));
}
