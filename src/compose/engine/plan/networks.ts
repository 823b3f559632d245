import type { Service } from "../../model/types.ts";
import type { ObservedContainer } from "../types.ts";
import { addNode, type Draft, stopOnce } from "./draft.ts";
import type { PlanNode } from "./types.ts";

/**
 * Networks that are missing are made. Those whose configuration has changed are made anew; the containers in them are
 * stopped and moved over, and stay who they are: a network holds no data, a container may.
 */
export function planNetworks(draft: Draft): void {
  const { project, observed, hashes } = draft.input;
  for (const key of Object.keys(project.networks).sort()) {
    const network = project.networks[key]!;
    if (network.external) continue;
    const found = observed.networks[key];
    if (!found) {
      draft.networkNodes.set(key, addNode(draft, { op: "createNetwork", key, network }));
      continue;
    }
    if (found.configHash === "" || found.configHash === hashes.network(network)) continue;
    const holders = found.name === network.name ? usersOutside(draft, key) : [];
    if (holders.length === 0) replaceNetwork(draft, key);
    else
      draft.warnings.push(
        `network "${network.name}" has changed but is still used by ${holders.join(", ")}, which this command leaves alone: it stays as it is. Run the command on the whole project to apply the change`,
      );
  }
}

/** Services that do not take part now but have containers in the network. */
function usersOutside({ input: { project, observed } }: Draft, key: string): string[] {
  return Object.values(project.disabledServices)
    .filter(({ name, networks }) => networks && key in networks && observed.containers[name]?.length)
    .map(({ name }) => name);
}

function replaceNetwork(draft: Draft, key: string): void {
  const { project, observed } = draft.input;
  const network = project.networks[key]!;
  const found = observed.networks[key]!;
  const isRenamed = found.name !== network.name;
  const members = membersOf(draft, key);
  const disconnects = members.map(({ container }) =>
    addNode(
      draft,
      { op: "disconnect", network: found.name, container },
      { after: [stopOnce(draft, container)] },
    ),
  );
  const remove = addNode(
    draft,
    { op: "removeNetwork", name: found.name, isLeftover: isRenamed },
    { after: disconnects },
  );
  const create = addNode(draft, { op: "createNetwork", key, network }, { after: isRenamed ? [] : [remove] });
  draft.networkNodes.set(key, create);
  for (const [index, { service, container }] of members.entries()) {
    const after = [create, disconnects[index]];
    const node = addNode(draft, { op: "connect", key, service, container }, { after });
    draft.connects.set(container.id, [...(draft.connects.get(container.id) ?? []), node]);
  }
}

interface Member {
  readonly service: Service;
  readonly container: ObservedContainer;
}

function membersOf({ input: { project, observed }, containers }: Draft, key: string): Member[] {
  const id = observed.networks[key]!.id;
  return Object.values(project.services)
    .filter(({ networks }) => networks && key in networks)
    .flatMap((service) => (containers[service.name] ?? []).map((container) => ({ service, container })))
    .filter(({ container }) => container.networkIds.includes(id));
}

/** The nodes that make what a service's containers are connected to. */
export function networkNodesOf(draft: Draft, { networks = {} }: Service): (PlanNode | undefined)[] {
  return Object.keys(networks).map((key) => draft.networkNodes.get(key));
}
