import { inDependencyOrder } from "../graph.ts";
import { addNode, type Draft, newDraft, stopOnce } from "./draft.ts";
import { planNetworks } from "./networks.ts";
import { planService } from "./services.ts";
import { planStart, type Starts } from "./starts.ts";
import type { Plan, PlanInput, PlanNode } from "./types.ts";
import { planVolumes } from "./volumes.ts";

/**
 * What brings the engine from what was observed to what the project says, touching nothing that is right already.
 * @throws InvalidArgument when the project cannot be made: a dependency circle, replicas with one name
 */
export function planUp(input: PlanInput): Plan {
  const draft = newDraft(input);
  const services = inDependencyOrder(input.project);
  planNetworks(draft);
  planVolumes(draft);
  for (const service of services) planService(draft, service);
  removeHooks(draft);
  if (input.options.removeOrphans) removeOrphans(draft);
  if (input.options.starts) {
    const starts: Starts = { ends: new Map(), waits: new Map() };
    for (const service of services) planStart(draft, service, starts);
  }
  return { nodes: draft.nodes, warnings: [...input.observed.warnings, ...draft.warnings] };
}

/** What starts the containers that are there, and makes none. */
export function planStartOnly(input: PlanInput): Plan {
  const draft = newDraft(input);
  const starts: Starts = { ends: new Map(), waits: new Map() };
  for (const service of inDependencyOrder(input.project)) planStart(draft, service, starts);
  return { nodes: draft.nodes, warnings: [] };
}

function removeOrphans(draft: Draft): void {
  for (const container of draft.input.observed.orphans) {
    const stop = stopOnce(draft, container);
    addNode(draft, { op: "removeContainer", container, volumes: false }, { after: [stop] });
  }
}

/** Containers of hooks that an earlier call left behind have the names that new ones need. */
function removeHooks(draft: Draft): void {
  for (const container of Object.values(draft.input.observed.hooks).flat())
    addNode(draft, { op: "removeContainer", container, volumes: true });
}

/** Ids of the containers a plan does something with. */
export function touchedContainers({ nodes }: Plan): ReadonlySet<string> {
  return new Set(nodes.map(containerIdOf).filter((id) => id !== undefined));
}

function containerIdOf({ operation }: PlanNode): string | undefined {
  if ("container" in operation) return operation.container.id;
  return "target" in operation && "found" in operation.target ? operation.target.found.id : undefined;
}
