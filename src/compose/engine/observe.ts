/** Asks the engine what it has of a project, in as few calls as can be, all at once. */
import { NotFound } from "#base/errors.ts";
import type { ContainerSummary } from "#spec/docker/containers.ts";
import type { NetworkInspect } from "#spec/docker/networks.ts";
import type { Volume as EngineVolume } from "#spec/docker/volumes.ts";
import type { Project } from "../model/types.ts";
import { LABEL } from "./labels.ts";
import { canonicalName } from "./names.ts";
import type { ComposeClient, Observed, ObservedContainer, ObservedNetwork, ObservedVolume } from "./types.ts";

/** @throws NotFound when an external network or volume is missing */
export async function observe(client: ComposeClient, project: Project): Promise<Observed> {
  const hasNetworks = Object.keys(project.networks).length > 0;
  const hasVolumes = Object.keys(project.volumes).length > 0;
  const [containers, networks, volumes] = await Promise.all([
    listProjectContainers(client, project.name),
    hasNetworks ? client.networks.list() : [],
    hasVolumes ? client.volumes.list().then(({ Volumes }) => Volumes ?? []) : [],
  ]);
  return classify(project, { containers, networks, volumes });
}

/** All containers that Compose tools made for a project, with those of hooks and one-off ones. */
export async function listProjectContainers(
  client: ComposeClient,
  project: string,
): Promise<ObservedContainer[]> {
  const filters = { label: [`${LABEL.project}=${project}`] };
  return (await client.containers.list({ all: true, filters })).map(observedContainer);
}

export function observedContainer(summary: ContainerSummary): ObservedContainer {
  const labels = summary.Labels ?? {};
  return {
    id: summary.Id,
    name: canonicalName(summary.Names),
    service: labels[LABEL.service] ?? "",
    number: Number(labels[LABEL.containerNumber] ?? 0) || 0,
    state: summary.State,
    isOneOff: labels[LABEL.oneoff] === "True",
    labels,
    created: summary.Created,
    networkIds: Object.values(summary.NetworkSettings?.Networks ?? {}).map(
      ({ NetworkID }) => NetworkID ?? "",
    ),
    mounts: summary.Mounts ?? [],
  };
}

export interface Listed {
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly NetworkInspect[];
  readonly volumes: readonly EngineVolume[];
}

/** Pure: sorts what was listed by what it is for the project. */
export function classify(project: Project, { containers, networks, volumes }: Listed): Observed {
  const known = new Set([...Object.keys(project.services), ...Object.keys(project.disabledServices)]);
  const byService: Record<string, ObservedContainer[]> = {};
  const hooks: Record<string, ObservedContainer[]> = {};
  const orphans: ObservedContainer[] = [];
  for (const container of containers) {
    const { service } = container;
    if (container.labels[LABEL.hook])
      push(known.has(service) ? hooks : undefined, service, container, orphans);
    else if (!container.labels[LABEL.configHash])
      continue; // not a service's: made by hand with a label of ours
    else if (container.isOneOff) {
      if (hasEnded(container)) orphans.push(container);
    } else push(known.has(service) ? byService : undefined, service, container, orphans);
  }
  const warnings: string[] = [];
  return {
    containers: byService,
    orphans,
    hooks,
    networks: matchNetworks(project, networks, warnings),
    volumes: matchVolumes(project, volumes, warnings),
    warnings,
  };
}

function push(
  groups: Record<string, ObservedContainer[]> | undefined,
  key: string,
  container: ObservedContainer,
  otherwise: ObservedContainer[],
): void {
  if (!groups) otherwise.push(container);
  else groups[key] = [...(groups[key] ?? []), container];
}

function hasEnded({ state }: ObservedContainer): boolean {
  return state === "exited" || state === "dead";
}

function matchNetworks(project: Project, all: readonly NetworkInspect[], warnings: string[]) {
  const found: Record<string, ObservedNetwork> = {};
  for (const [key, { name, external }] of Object.entries(project.networks)) {
    if (external) {
      const { Id, Name } = externalNetwork(name, all);
      found[key] = { id: Id, name: Name, configHash: "" };
      continue;
    }
    const network = bestMatch(all, { project: project.name, label: LABEL.network, key, name });
    if (!network) continue;
    const owner = network.Labels?.[LABEL.project];
    if (owner !== project.name) warnings.push(foreignText("network", name, { owner, project: project.name }));
    const configHash = owner === project.name ? (network.Labels[LABEL.configHash] ?? "") : "";
    found[key] = { id: network.Id, name: network.Name, configHash };
  }
  return found;
}

function externalNetwork(name: string, all: readonly NetworkInspect[]): NetworkInspect {
  const same = all.filter(({ Name, Id }) => Name === name || Id === name);
  if (same.length === 1) return same[0]!;
  if (same.length > 1)
    throw new NotFound(`multiple networks with name "${name}" were found`, {
      hint: "Use a network ID as 'name' to avoid ambiguity",
    });
  throw new NotFound(`network ${name} declared as external, but could not be found`, {
    hint: `Make it with 'wharf network create ${name}', or leave out 'external'`,
  });
}

function matchVolumes(project: Project, all: readonly EngineVolume[], warnings: string[]) {
  const found: Record<string, ObservedVolume> = {};
  for (const [key, { name, external }] of Object.entries(project.volumes)) {
    const volume = external
      ? all.find(({ Name }) => Name === name)
      : bestMatch(all, { project: project.name, label: LABEL.volume, key, name });
    if (!volume && external)
      throw new NotFound(`external volume "${name}" not found`, {
        hint: `Make it with 'wharf volume create ${name}', or leave out 'external'`,
      });
    if (!volume) continue;
    const owner = volume.Labels?.[LABEL.project];
    if (!external && owner !== project.name)
      warnings.push(foreignText("volume", name, { owner, project: project.name }));
    const configHash = owner === project.name ? (volume.Labels?.[LABEL.configHash] ?? "") : "";
    found[key] = { name: volume.Name, configHash: external ? "" : configHash };
  }
  return found;
}

interface Wanted {
  readonly project: string;
  readonly label: string;
  readonly key: string;
  readonly name: string;
}

/** The one with the right name; else, after a renaming, one the project has under this key. */
function bestMatch<
  T extends { readonly Name: string; readonly Labels: Readonly<Record<string, string>> | null },
>(all: readonly T[], { project, label, key, name }: Wanted): T | undefined {
  return (
    all.find(({ Name }) => Name === name) ??
    all
      .filter(({ Labels }) => Labels?.[LABEL.project] === project && Labels[label] === key)
      .sort((a, b) => (a.Name < b.Name ? -1 : 1))[0]
  );
}

function foreignText(
  kind: "network" | "volume",
  name: string,
  { owner, project }: { readonly owner: string | undefined; readonly project: string },
): string {
  const origin = owner ? `belongs to project "${owner}", not "${project}"` : "was not made by Compose";
  return `${kind} "${name}" exists already and ${origin}. Use 'external: true' to use an existing ${kind}`;
}
