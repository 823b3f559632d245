import { InvalidArgument } from "#base/errors.ts";
import type { IdMapping } from "#kernel/types.ts";
import type { SpecInput } from "./types.ts";

/** Keys that belong to a namespace, and which: anything else would change the host. */
const NAMESPACED: readonly (readonly [RegExp, "network" | "ipc" | "uts"])[] = [
  [/^net\./, "network"],
  [/^fs\.mqueue\./, "ipc"],
  [/^kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/, "ipc"],
  [/^kernel\.domainname$/, "uts"],
];

/**
 * The user's settings, and Docker's own for a network of the container's own: everybody may use low ports and ping.
 * @throws InvalidArgument for a key whose namespace the container does not have
 */
export function sysctlsOf({ config, hostConfig, namespaces, idMappings }: SpecInput): Record<string, string> {
  const asked = hostConfig.Sysctls ?? {};
  checkSysctls(asked, {
    network: namespaces.network === "host",
    ipc: namespaces.ipc === "host",
    uts: namespaces.uts === "host",
  });
  const sharesNetwork = namespaces.network === "host" || hostConfig.NetworkMode?.startsWith("container:");
  return {
    ...(config.Domainname && namespaces.uts !== "host" ? { "kernel.domainname": config.Domainname } : {}),
    ...(sharesNetwork ? {} : openNetwork(idMappings?.gids)),
    ...asked,
  };
}

/** @throws InvalidArgument for a key that would change the host */
export function checkSysctls(
  asked: Readonly<Record<string, string>>,
  isHosts: Readonly<Record<"network" | "ipc" | "uts", boolean>>,
): void {
  for (const key of Object.keys(asked)) {
    const kind = NAMESPACED.find(([pattern]) => pattern.test(key))?.[1];
    if (kind === undefined)
      throw new InvalidArgument(
        `invalid sysctl '${key}': it does not belong to a namespace and would change the host`,
      );
    if (isHosts[kind]) throw new InvalidArgument(`sysctl '${key}' is not allowed in host ${kind} namespace`);
  }
}

/** The kernel takes no group that the namespace does not have. */
function openNetwork(gids: readonly IdMapping[] | undefined): Record<string, string> {
  const last = gids ? gids.reduce((sum, { size }) => sum + size, -1) : 2 ** 31 - 1;
  return {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.ping_group_range": `0 ${Math.min(last, 2 ** 31 - 1)}`,
  };
}
