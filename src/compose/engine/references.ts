/** Names of services inside a service, replaced by the containers they stand for. */
import { NotFound } from "#base/errors.ts";
import type { Service } from "../model/types.ts";
import { serviceOfMode } from "./graph.ts";

/** A container others can refer to. */
export interface Referable {
  readonly id: string;
  readonly name: string;
}

export type ByService = Readonly<Record<string, readonly Referable[] | undefined>>;

export interface ResolveOptions {
  /** Other tools leave ":ro" of `volumes_from` out of what they hash: containers must not differ by it. */
  readonly isForHash?: boolean;
}

/**
 * `network_mode`, `ipc` and `pid` of a service, and `volumes_from`, as the engine takes them.
 * @throws NotFound when the other service has no container
 */
export function resolveReferences(
  service: Service,
  containers: ByService,
  { isForHash = false }: ResolveOptions = {},
): Service {
  const mode = (text: string | undefined, what: string) => {
    const other = serviceOfMode(text);
    return other === undefined ? text : `container:${firstOf(containers, other, `share ${what} with`).id}`;
  };
  const { network_mode, ipc, pid, volumes_from } = service;
  return {
    ...service,
    ...(network_mode === undefined ? {} : { network_mode: mode(network_mode, "network namespace")! }),
    ...(ipc === undefined ? {} : { ipc: mode(ipc, "IPC namespace")! }),
    ...(pid === undefined ? {} : { pid: mode(pid, "PID namespace")! }),
    ...(volumes_from
      ? { volumes_from: volumes_from.map((text) => volumesOf(text, containers, isForHash)) }
      : {}),
  };
}

/** "container:NAME[:ro]" or "SERVICE[:ro]". */
function volumesOf(text: string, containers: ByService, isForHash: boolean): string {
  const [first = "", second = ""] = text.split(":");
  if (first === "container") return isForHash ? second : text.slice("container:".length);
  const { id } = firstOf(containers, first, "share volume with");
  return second && !isForHash ? `${id}:${second}` : id;
}

function firstOf(containers: ByService, service: string, what: string): Referable {
  const [first] = [...(containers[service] ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (!first)
    throw new NotFound(`cannot ${what} service ${service}: container missing`, {
      hint: `Create it with 'wharf compose create ${service}'`,
    });
  return first;
}

export interface LinkOptions {
  readonly project: string;
  readonly separator: string;
  readonly number: number;
}

/** "CONTAINER:ALIAS" for every name that `links` gives to the containers of other services. */
export function planLinks(service: Service, containers: ByService, options: LinkOptions): string[] {
  const { project, separator, number } = options;
  const links = (service.links ?? []).flatMap((text) => {
    const [other = "", alias = other] = text.split(":");
    return (containers[other] ?? []).flatMap(({ name }) => [
      `${name}:${alias}`,
      `${name}:${other}${separator}${number}`,
      `${name}:${[project, other, number].join(separator)}`,
    ]);
  });
  const external = (service.external_links ?? []).map((text) =>
    text.includes(":") ? text : `${text}:${text}`,
  );
  return [...links, ...external];
}
