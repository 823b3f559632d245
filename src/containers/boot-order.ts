import { parseLink } from "#spec/docker/links.ts";
import { containerOfMode } from "./modes.ts";
import type { ContainerRecord, Dependency, DependencyCondition } from "./types.ts";

/** One container to start when the daemon does, and what it waits for. */
export interface BootStep {
  readonly id: string;
  readonly waitsFor: readonly BootWait[];
}

export interface BootWait {
  readonly id: string;
  readonly condition: DependencyCondition;
}

/**
 * Pure: in which order containers start with the daemon. One waits for those whose namespaces it joins, for those it
 * links to, and for what it says it depends on; nothing waits for a container that nobody starts.
 * @returns steps in an order in which none waits for a later one; a circle is cut where it closes
 */
export function planBoot(
  wanted: readonly ContainerRecord[],
  all: readonly ContainerRecord[],
): readonly BootStep[] {
  const find = finder(all);
  const byId = new Map(wanted.map((record) => [record.id, record]));
  const steps = new Map<string, BootStep>();
  const visiting = new Set<string>();
  const visit = (record: ContainerRecord) => {
    if (steps.has(record.id) || visiting.has(record.id)) return;
    visiting.add(record.id);
    const waits = waitsOf(record, find).filter(
      ({ id, condition }) =>
        (byId.has(id) || condition !== "started") && (steps.has(id) || !visiting.has(id)),
    );
    for (const { id } of waits) if (byId.has(id)) visit(byId.get(id)!);
    steps.set(record.id, { id: record.id, waitsFor: waits });
  };
  for (const record of wanted) visit(record);
  return [...steps.values()];
}

interface Finder {
  byName(nameOrId: string): ContainerRecord | undefined;
  ofService(project: string, service: string): readonly ContainerRecord[];
}

function finder(all: readonly ContainerRecord[]): Finder {
  const byName = new Map(
    all.flatMap((record) => [[record.id, record] as const, [record.name, record] as const]),
  );
  const byService = Map.groupBy(all, ({ config }) =>
    serviceKey(config.Labels?.[PROJECT_LABEL] ?? "", config.Labels?.[SERVICE_LABEL] ?? ""),
  );
  return {
    byName: (nameOrId) => byName.get(nameOrId),
    ofService: (project, service) => byService.get(serviceKey(project, service)) ?? [],
  };
}

const PROJECT_LABEL = "com.docker.compose.project";
const SERVICE_LABEL = "com.docker.compose.service";

function serviceKey(project: string, service: string): string {
  return `${project}\0${service}`;
}

/** Without those whose container is not there. One container may be waited for in several ways. */
function waitsOf({ hostConfig, dependsOn }: ContainerRecord, find: Finder): BootWait[] {
  const joined = [hostConfig.NetworkMode, hostConfig.IpcMode, hostConfig.PidMode].map(containerOfMode);
  const linked = (hostConfig.Links ?? []).map((link) => parseLink(link).target);
  const started = [...joined, ...linked].flatMap((name) => (name === undefined ? [] : [find.byName(name)]));
  return [
    ...started.map((record) => [record, "started"] as const),
    ...(dependsOn ?? []).flatMap((one) =>
      dependencies(one, find).map((record) => [record, one.condition] as const),
    ),
  ].flatMap(([record, condition]) => (record ? [{ id: record.id, condition }] : []));
}

function dependencies(one: Dependency, find: Finder): (ContainerRecord | undefined)[] {
  return "container" in one ? [find.byName(one.container)] : [...find.ofService(one.project, one.service)];
}
