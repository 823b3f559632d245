/** A project as the engine knows it, for commands that are given no files. */
import { emptyProject } from "../model/empty.ts";
import type { Dependency, Network, Project, Service, Volume } from "../model/types.ts";
import { LABEL, parseDependsOn } from "./labels.ts";
import type { ComposeClient, ObservedContainer } from "./types.ts";

/** Services by their containers, with what they depend on; networks and volumes by their labels. */
export async function projectFromEngine(
  { networks, volumes }: Pick<ComposeClient, "networks" | "volumes">,
  name: string,
  containers: readonly ObservedContainer[],
): Promise<Project> {
  const filters = { label: [`${LABEL.project}=${name}`] };
  const [allNetworks, allVolumes] = await Promise.all([networks.list(filters), volumes.list(filters)]);
  return {
    ...emptyProject(name),
    services: servicesOf(containers),
    networks: Object.fromEntries(
      allNetworks.map(({ Name, Labels }): [string, Network] => [
        Labels?.[LABEL.network] ?? Name,
        { name: Name, extensions: {} },
      ]),
    ),
    volumes: Object.fromEntries(
      (allVolumes.Volumes ?? []).map(({ Name, Labels }): [string, Volume] => [
        Labels?.[LABEL.volume] ?? Name,
        { name: Name, extensions: {} },
      ]),
    ),
  };
}

function servicesOf(containers: readonly ObservedContainer[]): Record<string, Service> {
  const services: Record<string, Service> = {};
  for (const { service, labels, isOneOff } of containers)
    if (service !== "" && !isOneOff && labels[LABEL.configHash])
      services[service] = {
        name: service,
        depends_on: parseDependsOn(labels[LABEL.dependsOn] ?? ""),
        extensions: {},
      };
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      { ...service, depends_on: known(service, services) },
    ]),
  );
}

function known(
  { depends_on = {} }: Service,
  services: Readonly<Record<string, Service>>,
): Record<string, Dependency> {
  return Object.fromEntries(Object.entries(depends_on).filter(([name]) => name in services));
}
