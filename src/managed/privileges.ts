import { InvalidArgument } from "#base/errors.ts";
import type { PluginConfig, PluginPrivilege } from "#spec/docker/plugins.ts";

/** What of the host a plugin gets beyond a container of its own, in Docker's order and words. */
export function privilegesOf(config: PluginConfig): PluginPrivilege[] {
  const { Network, IpcHost, PidHost, Mounts, Linux } = config;
  const isOwnNetwork = ["", "none", "null", "bridge"].includes(Network.Type);
  const sources = (Mounts ?? []).flatMap(({ Source }) => Source ?? []);
  const devices = (Linux.Devices ?? []).flatMap(({ Path }) => Path ?? []);
  const capabilities = Linux.Capabilities ?? [];
  return [
    ...(isOwnNetwork ? [] : [privilege("network", "permissions to access a network", Network.Type)]),
    ...(IpcHost ? [privilege("host ipc namespace", "allow access to host ipc namespace", "true")] : []),
    ...(PidHost ? [privilege("host pid namespace", "allow access to host pid namespace", "true")] : []),
    ...sources.map((source) => privilege("mount", "host path to mount", source)),
    ...devices.map((path) => privilege("device", "host device to access", path)),
    ...(Linux.AllowAllDevices
      ? [privilege("allow-all-devices", "allow 'rwm' access to all devices", "true")]
      : []),
    ...(capabilities.length > 0
      ? [privilege("capabilities", "list of additional capabilities required", ...capabilities)]
      : []),
  ];
}

function privilege(Name: string, Description: string, ...Value: string[]): PluginPrivilege {
  return { Name, Description, Value };
}

/**
 * What was granted must be what is asked for: nothing less, and nothing more either, as whoever granted it has seen
 * another plugin then (CVE-2026-33997: a comparison that left out the last). Order does not matter.
 * @throws InvalidArgument in Docker's words
 */
export function checkPrivileges(
  asked: readonly PluginPrivilege[],
  granted: readonly Pick<PluginPrivilege, "Name" | "Value">[],
): void {
  if (!Bun.deepEquals(asked.map(keyOf).sort(), granted.map(keyOf).sort()))
    throw new InvalidArgument("incorrect privileges");
}

function keyOf({ Name, Value }: Pick<PluginPrivilege, "Name" | "Value">): string {
  return JSON.stringify([Name, ...[...Value].sort()]);
}
