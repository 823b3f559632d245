/**
 * A create request as its API version means it. Older clients do not know newer fields, and some fields changed their
 * meaning; behind this file there is one meaning only.
 */
import { InvalidArgument } from "#base/errors.ts";
import type { ContainerCreateRequest, HostConfig, MountSpec } from "#spec/docker/containers.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";

export interface AdjustedRequest {
  readonly body: ContainerCreateRequest;
  readonly warnings: readonly string[];
}

/** @throws InvalidArgument where the version refuses what a newer one allows */
export function adjustCreateRequest(
  request: ContainerCreateRequest & { HostConfig?: { Capabilities?: unknown } },
  version: ApiVersion,
  cgroupVersion: 1 | 2,
): AdjustedRequest {
  const warnings: string[] = [];
  const host = adjustHostConfig(request.HostConfig ?? {}, version, cgroupVersion, warnings);
  const { MacAddress, Healthcheck, ...config } = request;
  const body: ContainerCreateRequest = { ...config, HostConfig: host };
  if (Healthcheck) body.Healthcheck = { ...Healthcheck };
  if (body.Healthcheck && isBefore(version, "1.44")) delete body.Healthcheck.StartInterval;
  const endpoints = moveInterfaceSysctls(
    host,
    adjustEndpoints(request, host, version, warnings),
    version,
    warnings,
  );
  if (endpoints) body.NetworkingConfig = { EndpointsConfig: endpoints };
  return { body, warnings };
}

function adjustHostConfig(
  request: HostConfig & { Capabilities?: unknown },
  version: ApiVersion,
  cgroupVersion: 1 | 2,
  warnings: string[],
): HostConfig {
  const { Capabilities, ...host } = request;
  if (Capabilities !== undefined && version === "1.40")
    throw new InvalidArgument("HostConfig.Capabilities is not supported: use CapAdd and CapDrop");
  if (isBefore(version, "1.40")) host.IpcMode ||= "shareable";
  if (isBefore(version, "1.41") && cgroupVersion === 1) host.CgroupnsMode ||= "host";
  if (isBefore(version, "1.42")) delete host.ConsoleSize;
  if (isBefore(version, "1.43")) delete host.Annotations;
  if (host.Mounts) host.Mounts = host.Mounts.map((mount) => adjustMount(mount, version));
  if (host.PortBindings) host.PortBindings = fillEmptyBindings(host.PortBindings, version, warnings);
  return host;
}

/** A port published without a host side gets one that is chosen for it. */
function fillEmptyBindings(
  ports: NonNullable<HostConfig["PortBindings"]>,
  version: ApiVersion,
  warnings: string[],
): NonNullable<HostConfig["PortBindings"]> {
  const filled = Object.entries(ports).map(([port, bindings]) => {
    if (bindings && bindings.length > 0) return [port, bindings];
    if (!isBefore(version, "1.52"))
      warnings.push(
        `port ${port} has an empty list of bindings: it is published on a port of the engine's choice`,
      );
    return [port, [{}]];
  });
  return Object.fromEntries(filled);
}

/** Which options belong to which type of mount. */
const OPTIONS_OF = {
  BindOptions: "bind",
  VolumeOptions: "volume",
  TmpfsOptions: "tmpfs",
} as const;

function adjustMount(request: MountSpec, version: ApiVersion): MountSpec {
  const mount: MountSpec = { ...request };
  for (const [field, type] of Object.entries(OPTIONS_OF) as [keyof typeof OPTIONS_OF, string][]) {
    if (!mount[field] || mount.Type === undefined || mount.Type === type) continue;
    if (!isBefore(version, "1.42"))
      throw new InvalidArgument(
        `invalid mount config for type "${mount.Type}": field ${field} must not be specified`,
      );
    delete mount[field];
  }
  if (mount.Type === "image" && isBefore(version, "1.48"))
    throw new InvalidArgument("mount type image needs API v1.48 or newer");
  if (mount.VolumeOptions?.Subpath && isBefore(version, "1.45"))
    throw new InvalidArgument("VolumeOptions.Subpath needs API v1.45 or newer");
  if (mount.Type === "bind") mount.BindOptions = adjustBindOptions(mount, version);
  return mount;
}

function adjustBindOptions(mount: MountSpec, version: ApiVersion): MountSpec["BindOptions"] {
  const options = { ...mount.BindOptions };
  if (isBefore(version, "1.40")) delete options.NonRecursive;
  if (isBefore(version, "1.42")) delete options.CreateMountpoint;
  if (!isBefore(version, "1.44")) return mount.BindOptions ? options : undefined;
  if (options.ReadOnlyForceRecursive)
    throw new InvalidArgument("BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer");
  if (mount.ReadOnly) options.ReadOnlyNonRecursive = true;
  return options;
}

type Endpoints = Record<string, EndpointSettings | null>;

function adjustEndpoints(
  request: ContainerCreateRequest,
  host: HostConfig,
  version: ApiVersion,
  warnings: string[],
): Endpoints | undefined {
  const asked = request.NetworkingConfig?.EndpointsConfig;
  const names = Object.keys(asked ?? {});
  if (isBefore(version, "1.44") && names.length > 1)
    throw new InvalidArgument(`Container cannot be connected to network endpoints: ${names.join(", ")}`);
  const endpoints = Object.fromEntries(
    Object.entries(asked ?? {}).map(([name, settings]) => [
      name,
      settings && adjustEndpoint(settings, version),
    ]),
  );
  const mac = isBefore(version, "1.52") ? request.MacAddress : undefined;
  if (mac) moveMacAddress(mac, endpoints, host, version, warnings);
  return asked || mac ? endpoints : undefined;
}

function adjustEndpoint(settings: EndpointSettings, version: ApiVersion): EndpointSettings {
  const endpoint = { ...settings };
  if (isBefore(version, "1.44")) delete endpoint.MacAddress;
  if (isBefore(version, "1.48")) delete endpoint.GwPriority;
  return endpoint;
}

const SYSCTLS_OPTION = "com.docker.network.endpoint.sysctls";
const INTERFACE_SYSCTL = /^(net\.[^.]+\.[^.]+\.)eth(\d+)\./;

/**
 * Settings of an interface belong to its endpoint, for which name it gets is not known before. Older clients have
 * always meant the first.
 * @throws InvalidArgument in Docker's words for newer ones
 */
function moveInterfaceSysctls(
  host: HostConfig,
  endpoints: Endpoints | undefined,
  version: ApiVersion,
  warnings: string[],
): Endpoints | undefined {
  const names = Object.keys(host.Sysctls ?? {}).filter((name) => INTERFACE_SYSCTL.test(name));
  const [first] = names;
  if (first === undefined) return endpoints;
  if (!isBefore(version, "1.48"))
    throw new InvalidArgument(
      `interface specific sysctl setting "${first}" must be supplied using driver option '${SYSCTLS_OPTION}'`,
    );
  const moved = names.filter((name) => INTERFACE_SYSCTL.exec(name)![2] === "0");
  const main = host.NetworkMode || "default";
  const settings = endpoints?.[main] ?? {};
  const options = moved.map(
    (name) => `${name.replace(INTERFACE_SYSCTL, "$1IFNAME.")}=${host.Sysctls![name]}`,
  );
  if (options.length === 0) return endpoints;
  for (const [index, name] of moved.entries())
    warnings.push(`Migrated sysctl "${name}" to DriverOpts{"${SYSCTLS_OPTION}":"${options[index]}"}.`);
  host.Sysctls = Object.fromEntries(Object.entries(host.Sysctls!).filter(([name]) => !moved.includes(name)));
  const given = settings.DriverOpts?.[SYSCTLS_OPTION];
  const all = [...(given ? [given] : []), ...options].join(",");
  return {
    ...endpoints,
    [main]: { ...settings, DriverOpts: { ...settings.DriverOpts, [SYSCTLS_OPTION]: all } },
  };
}

/** Until 1.51 a container had one hardware address, meant for its main network. */
function moveMacAddress(
  mac: string,
  endpoints: Endpoints,
  host: HostConfig,
  version: ApiVersion,
  warnings: string[],
): void {
  const mode = host.NetworkMode || "default";
  if (mode === "host" || mode === "none" || mode.startsWith("container:"))
    throw new InvalidArgument("conflicting options: mac-address and the network mode");
  const main = Object.keys(endpoints).find((name) => name === mode) ?? mode;
  const given = endpoints[main]?.MacAddress;
  if (given && given !== mac)
    throw new InvalidArgument(
      "the container-wide MAC address must match the endpoint-specific MAC address for the main network, " +
        "or be left empty",
    );
  endpoints[main] = { ...endpoints[main], MacAddress: mac };
  if (!isBefore(version, "1.44"))
    warnings.push(
      "The container-wide MacAddress field is deprecated: give the address of each endpoint in EndpointsConfig",
    );
}
