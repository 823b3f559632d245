import { NEVER } from "#containers/times.ts";
import type { ContainerView } from "#containers/types.ts";
import type { ContainerInspect, ContainerState, NetworkSettings } from "#spec/docker/containers.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import { mountViews } from "#volumes/mount-view.ts";
import type { Volumes } from "#volumes/types.ts";
import { configView } from "./config.ts";
import { endpointMap, isUserDefined } from "./endpoint.ts";
import { hostConfigView } from "./host-config.ts";
import { portMap } from "./ports.ts";

export interface InspectOptions {
  readonly version: ApiVersion;
  readonly findVolume: Volumes["find"];
}

/** What `GET /containers/{id}/json` answers. */
export function containerInspect(view: ContainerView, options: InspectOptions): ContainerInspect {
  const { version } = options;
  const [path = "", ...args] = [...(view.config.Entrypoint ?? []), ...(view.config.Cmd ?? [])];
  return {
    Id: view.id,
    Created: view.created,
    Path: path,
    Args: args,
    State: stateView(view),
    Image: view.imageId,
    ...pathsView(view),
    Name: `/${view.name}`,
    RestartCount: view.restartCount,
    Driver: view.driver,
    Platform: view.platform.split("/")[0]!,
    MountLabel: view.confinement?.mountLabel ?? "",
    ProcessLabel: view.confinement?.processLabel ?? "",
    AppArmorProfile: view.confinement?.apparmorProfile ?? "",
    ExecIDs: view.execIds.length > 0 ? [...view.execIds] : null,
    HostConfig: hostConfigView(view.hostConfig, version),
    ...storageView(view, version),
    ...(view.sizes ? { SizeRw: view.sizes.rw, SizeRootFs: view.sizes.rootFs } : {}),
    Mounts: mountViews(view.mounts, options.findVolume),
    Config: isBefore(version, "1.52") ? withMacAddress(view) : configView(view.config),
    NetworkSettings: networkSettings(view, version),
  };
}

/** Files that come with the first start have no name before it. */
function pathsView({ paths, state }: ContainerView) {
  const isThere = state.startedAt !== NEVER;
  return {
    ResolvConfPath: isThere ? paths.resolvConf : "",
    HostnamePath: isThere ? paths.hostname : "",
    HostsPath: isThere ? paths.hosts : "",
    LogPath: isThere ? paths.log : "",
  };
}

function stateView({ state }: ContainerView): ContainerState {
  const { status } = state;
  return {
    Status: status,
    Running: status === "running" || status === "paused" || status === "restarting",
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: status === "dead",
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(state.health ? { Health: state.health } : {}),
  };
}

/** Which driver holds the container's files; its directories only for clients that still look for them. */
function storageView(view: ContainerView, version: ApiVersion) {
  return isBefore(version, "1.52")
    ? { GraphDriver: { Data: { ...view.driverData }, Name: view.driver } }
    : { Storage: { RootFS: { Snapshot: { Name: view.driver } } } };
}

function withMacAddress(view: ContainerView) {
  const mac = mainEndpoint(view, endpointMap(view))?.MacAddress;
  return configView(mac ? { ...view.config, MacAddress: mac } : view.config);
}

function networkSettings(view: ContainerView, version: ApiVersion): NetworkSettings {
  const networks = withOldAliases(endpointMap(view), view, version);
  const sandbox = {
    SandboxID: view.sandbox?.containerId ?? "",
    SandboxKey: view.sandbox?.netnsPath ?? "",
    Ports: portMap(view),
  };
  if (!isBefore(version, "1.52")) return { ...sandbox, Networks: networks };
  return {
    Bridge: "",
    SandboxID: sandbox.SandboxID,
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    Ports: sandbox.Ports,
    SandboxKey: sandbox.SandboxKey,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...bridgeCopy(networks.bridge),
    Networks: networks,
  };
}

/** The default bridge's endpoint a second time, where clients of the first years look for it. */
function bridgeCopy(bridge: EndpointSettings | undefined): Partial<NetworkSettings> {
  return {
    EndpointID: bridge?.EndpointID ?? "",
    Gateway: bridge?.Gateway ?? "",
    GlobalIPv6Address: bridge?.GlobalIPv6Address ?? "",
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: bridge?.IPAddress ?? "",
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: bridge?.IPv6Gateway ?? "",
    MacAddress: bridge?.MacAddress ?? "",
  };
}

/** Before 1.45 the names every container has were listed among its aliases. */
function withOldAliases(
  networks: Record<string, EndpointSettings>,
  view: ContainerView,
  version: ApiVersion,
): Record<string, EndpointSettings> {
  if (!isBefore(version, "1.45")) return networks;
  const given = [view.id.slice(0, 12), ...(view.config.Hostname ? [view.config.Hostname] : [])];
  return Object.fromEntries(
    Object.entries(networks).map(([name, settings]) => [
      name,
      isUserDefined(name)
        ? { ...settings, Aliases: [...new Set([...(settings.Aliases ?? []), ...given])] }
        : settings,
    ]),
  );
}

function mainEndpoint(
  view: ContainerView,
  networks: Record<string, EndpointSettings>,
): EndpointSettings | undefined {
  const mode = view.hostConfig.NetworkMode ?? "default";
  return networks[mode === "default" ? "bridge" : mode];
}
