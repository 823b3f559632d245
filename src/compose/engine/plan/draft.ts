import type { ObservedContainer } from "../types.ts";
import type { Operation, PlanInput, PlanNode } from "./types.ts";

/** A plan under construction, and what later parts of it must know of earlier ones. */
export interface Draft {
  readonly input: PlanInput;
  readonly nodes: PlanNode[];
  readonly warnings: string[];
  /** Containers of each service that the plan still counts with. */
  readonly containers: Record<string, readonly ObservedContainer[]>;
  /** By key: the node that makes it. */
  readonly networkNodes: Map<string, PlanNode>;
  readonly volumeNodes: Map<string, PlanNode>;
  /** By service: the nodes after which its containers are there. */
  readonly serviceNodes: Map<string, PlanNode[]>;
  /** By service and number: the node that makes a replica, and the one after which it has its name. */
  readonly replicas: Map<string, Map<number, Replica>>;
  /** By container id: the node that stops it. */
  readonly stops: Map<string, PlanNode>;
  /** By container id: nodes that connect it to networks made anew. */
  readonly connects: Map<string, PlanNode[]>;
  /** Ids of containers that the plan removes. */
  readonly removed: Set<string>;
  /** Services of which a container is replaced. */
  readonly recreated: Set<string>;
}

export interface Replica {
  readonly create: PlanNode;
  readonly last: PlanNode;
  readonly name: string;
}

export function newDraft(input: PlanInput): Draft {
  return {
    input,
    nodes: [],
    warnings: [],
    containers: { ...input.observed.containers },
    networkNodes: new Map(),
    volumeNodes: new Map(),
    serviceNodes: new Map(),
    replicas: new Map(),
    stops: new Map(),
    connects: new Map(),
    removed: new Set(),
    recreated: new Set(),
  };
}

export interface NodeOptions {
  readonly after?: readonly (PlanNode | undefined)[];
  readonly phase?: PlanNode["phase"];
  readonly replaces?: ObservedContainer;
}

export function addNode(draft: Draft, operation: Operation, options: NodeOptions = {}): PlanNode {
  const after = [...new Set((options.after ?? []).filter((node) => node !== undefined).map(({ id }) => id))];
  const node: PlanNode = {
    id: draft.nodes.length,
    operation,
    after,
    phase: options.phase ?? "create",
    ...(options.replaces ? { replaces: options.replaces } : {}),
  };
  draft.nodes.push(node);
  return node;
}

/** A container is stopped once, whatever the reasons. */
export function stopOnce(draft: Draft, container: ObservedContainer, options: NodeOptions = {}): PlanNode {
  const planned = draft.stops.get(container.id);
  if (planned) return planned;
  const node = addNode(draft, { op: "stopContainer", container }, options);
  draft.stops.set(container.id, node);
  return node;
}

export function stopAndRemove(draft: Draft, container: ObservedContainer): PlanNode {
  const stop = stopOnce(draft, container);
  draft.removed.add(container.id);
  return addNode(draft, { op: "removeContainer", container, volumes: false }, { after: [stop] });
}
