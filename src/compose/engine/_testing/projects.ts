/** Small projects and what an engine has of them, for tests of plans. */

import { emptyProject } from "../../model/empty.ts";
import type { Project, Service } from "../../model/types.ts";
import { LABEL } from "../labels.ts";
import type { Operation, Plan, PlanInput, PlanOptions } from "../plan/types.ts";
import type { ConfigHashes, Observed, ObservedContainer } from "../types.ts";

export function project(
  services: Readonly<Record<string, Partial<Service>>>,
  rest: Partial<Project> = {},
): Project {
  return {
    ...emptyProject("shop"),
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [
        name,
        { image: "bb", networks: { default: null }, ...service, name, extensions: {} },
      ]),
    ),
    networks: { default: { name: "shop_default", extensions: {} } },
    ...rest,
  };
}

/** Equal things have equal hashes, and they can be read. */
export const HASHES: ConfigHashes = {
  service: ({ depends_on: _, scale: __, ...service }) => JSON.stringify(service),
  network: (network) => JSON.stringify(network),
  volume: (volume) => JSON.stringify(volume),
};

export function container(service: Service, changes: Partial<ObservedContainer> = {}): ObservedContainer {
  const number = changes.number ?? 1;
  return {
    id: `${service.name}${number}`.padEnd(64, "0"),
    name: `shop-${service.name}-${number}`,
    service: service.name,
    number,
    state: "running",
    isOneOff: false,
    created: number,
    networkIds: ["n-default"],
    mounts: [],
    ...changes,
    labels: { [LABEL.configHash]: HASHES.service(service), [LABEL.image]: "sha256:bb", ...changes.labels },
  };
}

export function observed(
  project: Project,
  containers: readonly ObservedContainer[] = [],
  rest: Partial<Observed> = {},
): Observed {
  return {
    containers: Object.groupBy(containers, ({ service }) => service) as Observed["containers"],
    orphans: [],
    hooks: {},
    networks: {
      default: {
        id: "n-default",
        name: "shop_default",
        configHash: HASHES.network(project.networks.default!),
      },
    },
    volumes: {},
    warnings: [],
    ...rest,
  };
}

export const OPTIONS: PlanOptions = {
  targets: [],
  recreate: "diverged",
  recreateDependencies: "diverged",
  inheritsVolumes: true,
  removeOrphans: false,
  starts: true,
  recreateVolumes: new Set(),
};

export function planInput(project: Project, found: Observed, options: Partial<PlanOptions> = {}): PlanInput {
  const images = Object.keys(project.services).map((name) => [
    name,
    { digest: "sha256:bb", volumeDigest: "" },
  ]);
  return {
    project,
    observed: found,
    hashes: HASHES,
    separator: "-",
    images: Object.fromEntries(images),
    options: { ...OPTIONS, ...options },
  };
}

/** "3 startContainer shop-web-1 < 0 2": each node with those it comes after. */
export function planText({ nodes }: Plan): string[] {
  return nodes.map(({ id, operation, after }) => {
    const wait = after.length > 0 ? ` < ${after.join(" ")}` : "";
    return `${id} ${operation.op} ${subjectOf(operation)}${wait}`;
  });
}

function subjectOf(operation: Operation): string {
  if ("target" in operation)
    return "found" in operation.target ? operation.target.found.name : operation.target.name;
  if ("container" in operation) return operation.container.name;
  if (operation.op === "waitFor") return `${operation.service} ${operation.condition}`;
  if ("key" in operation) return operation.key;
  return operation.name;
}
