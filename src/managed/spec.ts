import { InvalidArgument } from "#base/errors.ts";
import { shortId } from "#base/ids.ts";
import { readDevices } from "#runtime/devices.ts";
import { buildRuntimeSpec } from "#runtime/spec/build.ts";
import type { AccountFiles, SpecDefaults, SpecHost } from "#runtime/spec/types.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeMount, RuntimeSpec } from "#spec/oci/runtime.ts";
import { isFor } from "./capabilities.ts";
import type { PluginPaths } from "./paths.ts";
import type { PluginRecord } from "./types.ts";

/** Where a plugin makes its socket, whoever runs it. */
const SOCKETS_INSIDE = "/run/docker/plugins";
/** Where it finds the pipes it is told of. */
export const LOGS_INSIDE = "/run/docker/logging";
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface PluginSpecDeps {
  readonly host: SpecHost;
  readonly defaults: Pick<SpecDefaults, "ulimits" | "seccompProfile">;
  readonly readAccounts: (rootfs: string) => AccountFiles;
}

/**
 * A plugin's container: as any other with the capabilities, devices, namespaces and mounts it was granted. Docker's
 * AppArmor profile is left off, as it forbids the mounts that most plugins are for; system calls are filtered.
 * @throws InvalidArgument for a device or mount of the host that is not there
 */
export function pluginSpec(
  record: PluginRecord,
  place: { readonly paths: PluginPaths; readonly rootfs: string; readonly cgroupPath: string },
  deps: PluginSpecDeps,
): RuntimeSpec {
  const { config, settings, id } = record;
  const hostConfig = hostConfigOf(record);
  const { spec } = buildRuntimeSpec({
    id,
    config: {
      Hostname: shortId(id),
      Cmd: [...(config.Entrypoint ?? []), ...settings.Args],
      Env: [PATH, ...settings.Env],
      WorkingDir: config.WorkDir || "/",
      ...userOf(record),
    },
    hostConfig,
    rootfs: place.rootfs,
    mounts: [],
    files: {},
    namespaces: {
      network: config.Network.Type === "host" ? "host" : "private",
      ipc: config.IpcHost ? "host" : "private",
      pid: config.PidHost ? "host" : "private",
      uts: "private",
      cgroup: deps.host.features.cgroup === "v2" ? "private" : "host",
      user: "host",
    },
    cgroupPath: place.cgroupPath,
    accounts: deps.readAccounts(place.rootfs),
    devices: readDevices(hostConfig),
    host: deps.host,
    defaults: deps.defaults,
  });
  const mounts = pluginMounts(record, place.paths);
  const isOwn = ({ destination }: RuntimeMount) => mounts.some((mount) => mount.destination === destination);
  spec.mounts = [...spec.mounts.filter((mount) => !isOwn(mount)), ...mounts];
  if (config.PropagatedMount !== "") spec.linux.rootfsPropagation = "rshared";
  if (config.Linux.AllowAllDevices)
    spec.linux.resources = { ...spec.linux.resources, devices: [{ allow: true, access: "rwm" }] };
  return spec;
}

function hostConfigOf({ config, settings }: PluginRecord): HostConfig {
  return {
    CapAdd: config.Linux.Capabilities ?? [],
    Devices: settings.Devices.flatMap(({ Path }) =>
      Path ? [{ PathOnHost: Path, PathInContainer: Path, CgroupPermissions: "rwm" }] : [],
    ),
    SecurityOpt: ["apparmor=unconfined", "label=disable"],
  };
}

function userOf({ config: { User } }: PluginRecord): { readonly User?: string } {
  const { UID = 0, GID = 0 } = User;
  return UID === 0 && GID === 0 ? {} : { User: `${UID}:${GID}` };
}

function pluginMounts({ config, settings }: PluginRecord, paths: PluginPaths): RuntimeMount[] {
  const { PropagatedMount, Network } = config;
  return [
    ...(PropagatedMount === "" ? [] : [bind(paths.propagated, PropagatedMount, ["rbind", "rw", "rshared"])]),
    ...settings.Mounts.map(({ Name, Source, Destination, Type, Options }) => {
      if (Source === null)
        throw new InvalidArgument(`mount source of ${JSON.stringify(Name)} is not specified`, {
          hint: "set it with `docker plugin set`",
        });
      return { destination: Destination, type: Type, source: Source, options: [...(Options ?? [])] };
    }),
    bind(paths.sockets, SOCKETS_INSIDE, ["rbind", "rshared"]),
    ...(isFor(config, "LogDriver") ? [bind(paths.logs, LOGS_INSIDE, ["rbind", "rprivate"])] : []),
    ...(Network.Type === "host"
      ? ["/etc/hosts", "/etc/resolv.conf"].map((path) => bind(path, path, ["rbind", "ro"]))
      : []),
  ];
}

function bind(source: string, destination: string, options: string[]): RuntimeMount {
  return { destination, type: "bind", source, options };
}
