import type { Dependency, Service } from "../../model/types.ts";
import type { ObservedContainer } from "../types.ts";
import { addNode, type Draft } from "./draft.ts";
import { replicasOf } from "./services.ts";
import type { Condition, PlanNode, Target } from "./types.ts";

/** Nodes after which a service's start is over, by service; and those that wait for conditions, shared by dependents. */
export interface Starts {
  readonly ends: Map<string, PlanNode[]>;
  readonly waits: Map<string, PlanNode>;
}

/** Starts what does not run, after what it depends on. Called in dependency order. */
export function planStart(draft: Draft, service: Service, starts: Starts): void {
  const before = waitsFor(draft, service, starts);
  const replicas = replicasToStart(draft, service);
  if (replicas.length === 0) {
    starts.ends.set(service.name, before);
    return;
  }
  const hooks = preStart(draft, service, { replicas, before });
  const first = hooks ? [hooks] : before;
  const ends: PlanNode[] = [];
  for (const { target, after } of replicas) {
    // Replicas that share a range of ports take them in the order of their numbers.
    const previous = sharesPortRange(service) ? ends.slice(-1) : [];
    ends.push(
      addNode(
        draft,
        { op: "startContainer", service, target },
        { after: [...first, ...previous, after], phase: "start" },
      ),
    );
  }
  starts.ends.set(service.name, ends);
}

interface StartReplica {
  readonly number: number;
  readonly target: Target;
  readonly after?: PlanNode;
}

/** New ones, those that were found stopped, and those the plan stops for a while. */
function replicasToStart(draft: Draft, service: Service): StartReplica[] {
  const created = [...(draft.replicas.get(service.name) ?? [])].map(([number, { create, last, name }]) => ({
    number,
    target: { createdBy: create.id, name },
    after: last,
  }));
  const found = (draft.containers[service.name] ?? [])
    .filter((container) => !draft.removed.has(container.id) && mustStart(draft, container))
    .map((container) => ({
      number: container.number,
      target: { found: container },
      ...afterStop(draft, container),
    }));
  return [...created, ...found].sort((a, b) => a.number - b.number);
}

function mustStart({ stops }: Draft, { id, state }: ObservedContainer): boolean {
  return stops.has(id) || state !== "running";
}

function afterStop({ connects, stops }: Draft, { id }: ObservedContainer): { after?: PlanNode } {
  const after = connects.get(id)?.at(-1) ?? stops.get(id);
  return after ? { after } : {};
}

function sharesPortRange({ ports = [] }: Service): boolean {
  return ports.some(({ published }) => published?.includes("-"));
}

interface HookOptions {
  readonly replicas: readonly StartReplica[];
  readonly before: readonly PlanNode[];
}

/** Once for each service, and only when none of its replicas runs already; what is done for each replica, always. */
function preStart(draft: Draft, service: Service, { replicas, before }: HookOptions): PlanNode | undefined {
  const runs = (draft.containers[service.name] ?? []).some(
    (container) => !draft.removed.has(container.id) && !mustStart(draft, container),
  );
  const hooks = (service.pre_start ?? []).filter(({ per_replica }) => per_replica || !runs);
  if (hooks.length === 0) return undefined;
  const { target } = replicas[0]!;
  const operation = { op: "preStart", service, target, replicas, isShared: runs } as const;
  const after = replicas.map((replica) => replica.after);
  return addNode(draft, operation, { after: [...before, ...after], phase: "start" });
}

/** The nodes a service waits for before it starts. */
function waitsFor(draft: Draft, service: Service, starts: Starts): PlanNode[] {
  return Object.entries(service.depends_on ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, dependency]) => {
      const ends = starts.ends.get(name) ?? [];
      const other = draft.input.project.services[name];
      const hasCondition = other && replicasOf(other) > 0 && dependency.condition !== "service_started";
      return hasCondition ? [waitNode(draft, name, dependency, { starts, ends })] : ends;
    });
}

interface WaitOptions {
  readonly starts: Starts;
  readonly ends: readonly PlanNode[];
}

function waitNode(
  draft: Draft,
  name: string,
  dependency: Dependency,
  { starts, ends }: WaitOptions,
): PlanNode {
  const condition = dependency.condition as Condition;
  const isRequired = dependency.required;
  const key = `${name}:${condition}:${isRequired}`;
  const known = starts.waits.get(key);
  if (known) return known;
  const operation = { op: "waitFor", service: name, condition, isRequired } as const;
  const node = addNode(draft, operation, { after: ends, phase: "start" });
  starts.waits.set(key, node);
  return node;
}
