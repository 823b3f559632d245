import { NotFound } from "#base/errors.ts";
import type { PluginUse } from "#managed/context.ts";
import type { PluginHost } from "#managed/managed.ts";
import { findPlugin, type PluginDirectories } from "#plugins/find-plugin.ts";
import type { LogPluginPlace } from "#plugins/types.ts";
import type { Volumes } from "#volumes/types.ts";

/** Pipes for log plugins that run on the host are made where Docker makes them. */
const HOST_LOGS = "/run/docker/logging";

/** @throws NotFound in Docker's words; Conflict for one that is disabled; InvalidArgument for one that takes no logs */
export function logPluginPlace(
  name: string,
  managed: Pick<PluginHost, "logPlace">,
  directories: PluginDirectories,
): LogPluginPlace {
  const place = managed.logPlace(name);
  if (place) return place;
  const socket = findPlugin(directories, name)?.socket;
  if (socket) return { socket, directory: HOST_LOGS, inside: HOST_LOGS };
  throw new NotFound(`error looking up logging plugin ${name}: plugin ${JSON.stringify(name)} not found`);
}

/** What needs a managed plugin: requests, which all would be refused without it, and volumes. */
export function pluginUse(
  { name }: { readonly name: string },
  users: {
    readonly volumes: Pick<Volumes, "list">;
    readonly authorization: readonly string[];
    /** Drivers of the logs of containers that run. */
    readonly logDrivers: readonly string[];
  },
): PluginUse | undefined {
  if (users.authorization.includes(name))
    return {
      reason: "authorization-plugins of the daemon's configuration name it: take it out there and reload",
      isLasting: true,
    };
  const logs = users.logDrivers.filter((driver) => driver === name).length;
  if (logs > 0) return { reason: `${logs} running containers log to it`, isLasting: false };
  const volumes = users.volumes.list({ driver: [name] }).length;
  return volumes > 0 ? { reason: `${volumes} of its volumes are here`, isLasting: false } : undefined;
}

/** @throws what is no absence */
export function isThere(find: () => unknown): boolean {
  try {
    find();
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
