import type { PluginUse } from "#managed/context.ts";
import type { Volumes } from "#volumes/types.ts";

/** What needs a managed plugin: requests, which all would be refused without it, and volumes. */
export function pluginUse(
  { name }: { readonly name: string },
  users: { readonly volumes: Pick<Volumes, "list">; readonly authorization: readonly string[] },
): PluginUse | undefined {
  if (users.authorization.includes(name))
    return {
      reason: "authorization-plugins of the daemon's configuration name it: take it out there and reload",
      isLasting: true,
    };
  const volumes = users.volumes.list({ driver: [name] }).length;
  return volumes > 0 ? { reason: `${volumes} of its volumes are here`, isLasting: false } : undefined;
}
