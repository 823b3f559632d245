import { isIPv4, isIPv6 } from "node:net";
import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { shortId } from "#base/ids.ts";
import type { ImageView } from "#images/types.ts";
import { type ReviewFacts, reviewHostConfig } from "#runtime/spec/review.ts";
import type {
  ContainerConfig,
  ContainerCreateRequest,
  HostConfig,
  HugepageLimit,
} from "#spec/docker/containers.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { normaliseHugepageLimits } from "#spec/huge-pages.ts";
import { checkConfig } from "./check-config.ts";
import { checkHostConfig } from "./check-host-config.ts";
import type { HostFacts } from "./check-resources.ts";
import { completeHostConfig, type HostDefaults } from "./host-config.ts";
import { mergeImageConfig } from "./image-defaults.ts";
import { DEFAULT_NETWORK, networkKind } from "./modes.ts";
import { HUGETLB_ANNOTATION, readOwnOptions } from "./own-options.ts";
import { NEVER } from "./times.ts";
import type { ContainerRecord, OnUnhealthy } from "./types.ts";

export interface CreateFacts {
  readonly id: string;
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly image: ImageView;
  readonly host: HostFacts & { readonly hostname: string };
  readonly defaults: HostDefaults;
  readonly specs: ReviewFacts;
  /** Hostname of the container whose network this one shares. */
  readonly sharedHostname: string | undefined;
}

/** A container without its mounts: those are planned from this configuration. */
export type PlannedContainer = Omit<ContainerRecord, "mounts">;

export interface ContainerPlan {
  readonly container: PlannedContainer;
  /** What the user should know although the request is fulfilled. */
  readonly warnings: readonly string[];
}

/**
 * Decides everything about a container: the request, completed by its image and the host's defaults.
 * @throws InvalidArgument with Docker's text for the first thing that is wrong
 */
export function planContainer(body: ContainerCreateRequest, facts: CreateFacts): ContainerPlan {
  const { HostConfig: askedHostConfig, NetworkingConfig: networking, ...userConfig } = body;
  const own = readOwnOptions(askedHostConfig?.Annotations, userConfig.Labels);
  const asked = withHugepageLimits(askedHostConfig ?? {}, own.hugepageLimits);
  const merged = withHealthTest(
    mergeImageConfig(userConfig, facts.image.config.config ?? {}),
    own.healthTest,
  );
  checkConfig(merged);
  checkHostConfig(asked, userConfig, facts.host);
  checkOnUnhealthy(own.onUnhealthy, asked);
  const reviewed = reviewHostConfig(asked, userConfig, facts.specs);
  const hostConfig = completeHostConfig(reviewed.kept, facts.defaults);
  const container: PlannedContainer = {
    id: facts.id,
    name: facts.name,
    created: facts.created,
    imageName: userConfig.Image ?? "",
    imageId: facts.image.id,
    platform: facts.image.config.os || "linux",
    config: {
      ...completeConfig(merged, chooseHostname(merged, hostConfig, facts)),
      OnBuild: userConfig.OnBuild ?? null,
    },
    hostConfig,
    endpoints: planEndpoints(networking?.EndpointsConfig ?? {}, hostConfig, userConfig),
    state: {
      status: "created",
      isStarting: false,
      pid: 0,
      exitCode: 0,
      oomKilled: false,
      error: "",
      startedAt: NEVER,
      finishedAt: NEVER,
      health: undefined,
    },
    restartCount: 0,
    stoppedByUser: false,
    ...(own.onUnhealthy ? { onUnhealthy: own.onUnhealthy } : {}),
    ...(own.dependsOn.length > 0 ? { dependsOn: own.dependsOn } : {}),
    ...(own.debugs === undefined ? {} : { debugs: own.debugs }),
  };
  return { container, warnings: [...reviewed.warnings, ...portWarnings(asked)] };
}

function withHugepageLimits(hostConfig: HostConfig, annotated: readonly HugepageLimit[]): HostConfig {
  const limits = [...annotated, ...(hostConfig.HugepageLimits ?? [])];
  if (limits.length === 0) return hostConfig;
  const { [HUGETLB_ANNOTATION]: _, ...Annotations } = hostConfig.Annotations ?? {};
  const HugepageLimits = normaliseHugepageLimits(limits).filter(({ Limit }) => Limit !== -1);
  return { ...hostConfig, HugepageLimits, ...(hostConfig.Annotations ? { Annotations } : {}) };
}

function withHealthTest(config: ContainerConfig, test: string[] | undefined): ContainerConfig {
  return test ? { ...config, Healthcheck: { ...config.Healthcheck, Test: test } } : config;
}

/** As with a restart policy: what goes away at its end cannot come back. */
function checkOnUnhealthy(onUnhealthy: OnUnhealthy | undefined, { AutoRemove }: HostConfig): void {
  if (AutoRemove && onUnhealthy === "restart")
    throw new InvalidArgument("can't create 'AutoRemove' container that restarts when it is unhealthy");
}

function portWarnings(hostConfig: HostConfig): string[] {
  const hasPorts = Object.keys(hostConfig.PortBindings ?? {}).length > 0;
  const warnings: [boolean, string][] = [
    [
      hostConfig.NetworkMode === "host" && hasPorts,
      "Published ports are discarded when using host network mode",
    ],
    [
      Object.values(hostConfig.PortBindings ?? {}).some((bindings) => bindings?.length === 0),
      "Container has ports without bindings: each gets a free host port",
    ],
  ];
  return warnings.filter(([applies]) => applies).map(([, text]) => text);
}

function chooseHostname(config: ContainerConfig, hostConfig: HostConfig, facts: CreateFacts): string {
  if (config.Hostname) return config.Hostname;
  if (facts.sharedHostname !== undefined) return facts.sharedHostname;
  return networkKind(hostConfig.NetworkMode) === "host" ? facts.host.hostname : shortId(facts.id);
}

/** As `inspect` shows it: every field there, lists that Docker shows as null left null. */
function completeConfig(config: ContainerConfig, hostname: string): ContainerConfig {
  return {
    ...config,
    Hostname: hostname,
    Domainname: config.Domainname ?? "",
    AttachStdin: config.AttachStdin ?? false,
    AttachStdout: config.AttachStdout ?? false,
    AttachStderr: config.AttachStderr ?? false,
    ExposedPorts: emptyToUndefined(config.ExposedPorts),
    Tty: config.Tty ?? false,
    WorkingDir: config.WorkingDir ? posix.resolve(config.WorkingDir) : "",
    OpenStdin: config.OpenStdin ?? false,
    StdinOnce: config.StdinOnce ?? false,
    Volumes: emptyToUndefined(config.Volumes) ?? null,
    StopSignal: config.StopSignal || undefined,
    MacAddress: undefined,
  };
}

function emptyToUndefined<T extends object>(value: T | null | undefined): T | undefined {
  return value && Object.keys(value).length > 0 ? value : undefined;
}

/** Every network to join with its settings; the one the network mode names comes first. */
function planEndpoints(
  asked: Readonly<Record<string, EndpointSettings | null>>,
  hostConfig: HostConfig,
  { MacAddress: macAddress, NetworkDisabled: isDisabled }: ContainerConfig,
): Record<string, EndpointSettings> {
  if (isDisabled || networkKind(hostConfig.NetworkMode) === "container") return {};
  const primary = hostConfig.NetworkMode ?? DEFAULT_NETWORK;
  const names = Object.keys(asked);
  // Who names networks and leaves the mode open does not want the default one beside them.
  const isElsewhere = primary === DEFAULT_NETWORK && names.length > 0 && !macAddress;
  const endpoints: Record<string, EndpointSettings> = isElsewhere ? {} : { [primary]: {} };
  for (const [name, settings] of Object.entries(asked))
    endpoints[name === "default" ? DEFAULT_NETWORK : name] = checkEndpoint(settings ?? {});
  if (macAddress && !endpoints[primary]!.MacAddress)
    endpoints[primary] = { ...endpoints[primary], MacAddress: macAddress };
  return endpoints;
}

/** @throws InvalidArgument in Docker's words */
function checkEndpoint(settings: EndpointSettings): EndpointSettings {
  const { IPv4Address = "", IPv6Address = "" } = settings.IPAMConfig ?? {};
  const complaints = [
    ...(IPv4Address && !isIPv4(IPv4Address) ? [`invalid IPv4 address: ${IPv4Address}`] : []),
    ...(IPv6Address && !isIPv6(IPv6Address) ? [`invalid IPv6 address: ${IPv6Address}`] : []),
  ];
  if (complaints.length > 0)
    throw new InvalidArgument(`invalid endpoint settings:\n${complaints.join("\n")}`);
  return settings;
}
