/** Tables by path: "services.*.ports.*.target" names every port's target. `*` is any key or list position. */
import type { Path } from "./tree.ts";

export interface PathTable<T> {
  find(path: Path): T | undefined;
  /** Whether a longer path could be found. */
  leadsOn(path: Path): boolean;
}

interface Step<T> {
  readonly next: Map<string, Step<T>>;
  value?: T;
}

export function pathTable<T>(rows: Readonly<Record<string, T>>): PathTable<T> {
  const root: Step<T> = { next: new Map() };
  for (const [pattern, value] of Object.entries(rows)) {
    let step = root;
    for (const part of pattern.split(".")) {
      const next: Step<T> = step.next.get(part) ?? { next: new Map() };
      step.next.set(part, next);
      step = next;
    }
    step.value = value;
  }
  return {
    find: (path) => steps(root, path).find((step) => step.value !== undefined)?.value,
    leadsOn: (path) => steps(root, path).some((step) => step.next.size > 0),
  };
}

/** Every step a path leads to, exact keys before `*`. */
function steps<T>(root: Step<T>, path: Path): Step<T>[] {
  let reached: Step<T>[] = [root];
  for (const part of path) {
    const further: Step<T>[] = [];
    for (const { next } of reached) {
      const exact = typeof part === "string" ? next.get(part) : undefined;
      if (exact) further.push(exact);
      const any = next.get("*");
      if (any) further.push(any);
    }
    if (further.length === 0) return [];
    reached = further;
  }
  return reached;
}

/** The same rows below each of several prefixes. */
export function below<T>(prefixes: readonly string[], rows: Readonly<Record<string, T>>): Record<string, T> {
  const all: Record<string, T> = {};
  for (const prefix of prefixes) for (const key of Object.keys(rows)) all[`${prefix}.${key}`] = rows[key]!;
  return all;
}

/** Where a container is described. */
export const CONTAINERS = ["services.*", "jobs.*", "services.*.pre_start.*"] as const;
/** Where a service or a job is. */
export const WORKLOADS = ["services.*", "jobs.*"] as const;
