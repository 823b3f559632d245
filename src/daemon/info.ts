import { readdirSync } from "node:fs";
import { arch, availableParallelism, hostname, release, totalmem } from "node:os";
import type { System } from "#api/types.ts";
import { readIfExists, writeFileAtomic } from "#base/fs.ts";
import { LOG_DRIVERS } from "#containers/logs/options.ts";
import type { Containers } from "#containers/types.ts";
import type { Events } from "#events/types.ts";
import type { Images } from "#images/types.ts";
import type { Kernel } from "#kernel/types.ts";
import type { Networks } from "#network/types.ts";
import { withoutCredentials } from "#registry/proxy.ts";
import { MOUNT_PLACE_REMEDY, mountPlaceHole } from "#runtime/known-holes.ts";
import type { Runtime } from "#runtime/types.ts";
import type { SystemInfo, SystemVersion } from "#spec/docker/system.ts";
import { MAX_API_VERSION } from "#spec/docker/versions.ts";
import type { Storage } from "#storage/storage.ts";
import type { Snapshotter } from "#storage/types.ts";
import type { Volumes } from "#volumes/types.ts";
import { measureDiskUsage, sharedLayerSizes } from "./disk-usage.ts";
import { parseOsRelease } from "./os-release.ts";
import { daemonPaths } from "./paths.ts";
import { registryConfig } from "./registry-info.ts";
import type { DaemonConfig } from "./types.ts";
import { WHARF_VERSION } from "./version.ts";

export interface SystemDeps {
  /** As it is now: some of it changes on reload. */
  readonly config: () => DaemonConfig;
  readonly kernel: Pick<Kernel, "features" | "sysctl">;
  readonly runtime: Pick<Runtime, "runtimes" | "defaultName">;
  readonly storage: Pick<Storage, "usage" | "measure"> & {
    readonly snapshotter: Pick<Snapshotter, "name" | "status" | "layer" | "layerData">;
  };
  readonly containers: Pick<Containers, "counts" | "list" | "imageUsers">;
  readonly images: Pick<Images, "count" | "list" | "targetsOf">;
  readonly volumes: Pick<Volumes, "list" | "usersOf" | "driverNames">;
  readonly networks: Pick<Networks, "warnings">;
  readonly events: Pick<Events, "listeners">;
  readonly collectGarbage: System["collectGarbage"];
}

/** What the engine says about itself and its host. */
export function createSystem(deps: SystemDeps): System & { readonly id: string } {
  const { snapshotter } = deps.storage;
  const id = engineId(daemonPaths(deps.config()).engineId);
  return {
    id,
    info: async () => systemInfo(id, deps),
    version: () => systemVersion(deps),
    diskUsage: (parts) => measureDiskUsage(deps, parts),
    collectGarbage: deps.collectGarbage,
    sharedLayerSizes: async () => sharedLayerSizes(await deps.images.list({ all: true }), snapshotter.layer),
    imageStorage({ chainId }) {
      if (!chainId || !snapshotter.layer(chainId)) return undefined;
      return { name: snapshotter.name, data: snapshotter.layerData(chainId) };
    },
  };
}

/** The same for the life of a data root. */
function engineId(path: string): string {
  const known = readIfExists(path)?.trim();
  if (known) return known;
  const id = crypto.randomUUID();
  writeFileAtomic(path, `${id}\n`, { mode: 0o600 });
  return id;
}

function systemInfo(id: string, deps: SystemDeps): SystemInfo {
  const { kernel, runtime, storage } = deps;
  const config = deps.config();
  const counts = deps.containers.counts();
  const os = parseOsRelease(readIfExists("/etc/os-release") ?? readIfExists("/usr/lib/os-release") ?? "");
  return {
    ID: id,
    Containers: counts.total,
    ContainersRunning: counts.running,
    ContainersPaused: counts.paused,
    ContainersStopped: counts.stopped,
    Images: deps.images.count(),
    Driver: storage.snapshotter.name,
    DriverStatus: storage.snapshotter.status.map(([label, value]) => [label, value]),
    Plugins: {
      Volume: deps.volumes.driverNames(),
      Network: ["bridge", "host", "null"],
      Authorization: config.authorizationPlugins.length > 0 ? [...config.authorizationPlugins] : null,
      Log: LOG_DRIVERS.filter((name) => name !== "none"),
    },
    ...limitSupport(kernel),
    IPv4Forwarding: kernel.sysctl.get("net/ipv4/ip_forward")?.trim() === "1",
    Debug: config.debug,
    NFd: readdirSync("/proc/self/fd").length,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: config.containers.logConfig.Type ?? "json-file",
    CgroupDriver: config.cgroups.driver,
    CgroupVersion: kernel.features.cgroup === "v2" ? "2" : "1",
    NEventsListener: deps.events.listeners(),
    KernelVersion: release(),
    OperatingSystem: os.name,
    OSVersion: os.version,
    OSType: "linux",
    Architecture: arch() === "arm64" ? "aarch64" : "x86_64",
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: registryConfig(config.images),
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    GenericResources: null,
    DockerRootDir: config.dataRoot,
    HttpProxy: withoutCredentials(config.images.proxies.http),
    HttpsProxy: withoutCredentials(config.images.proxies.https),
    NoProxy: config.images.proxies.no,
    Name: hostname(),
    Labels: [...config.labels],
    ExperimentalBuild: config.experimental,
    ServerVersion: WHARF_VERSION,
    Runtimes: Object.fromEntries([...runtime.runtimes].map(([name, { path }]) => [name, { path }])),
    DefaultRuntime: runtime.defaultName,
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    },
    LiveRestoreEnabled: config.liveRestore,
    Isolation: "",
    InitBinary: "wharf-shim",
    ContainerdCommit: { ID: "" },
    RuncCommit: { ID: defaultRuntimeVersion(runtime) },
    InitCommit: { ID: "" },
    SecurityOptions: securityOptions(kernel, config.isolation),
    CDISpecDirs: [...config.isolation.cdiSpecDirs],
    FirewallBackend: { Driver: "nftables" },
    Warnings: warnings(deps),
  };
}

function defaultRuntimeVersion({ runtimes, defaultName }: SystemDeps["runtime"]): string {
  const version = runtimes.get(defaultName)?.version;
  return version ? `${defaultName} ${versionNumber(version)}` : "";
}

function limitSupport({ features }: SystemDeps["kernel"]) {
  const has = (controller: string) => features.controllers.has(controller);
  return {
    MemoryLimit: has("memory"),
    SwapLimit: features.swapLimit,
    CpuCfsPeriod: has("cpu"),
    CpuCfsQuota: has("cpu"),
    CPUShares: has("cpu"),
    CPUSet: has("cpuset"),
    PidsLimit: has("pids"),
    OomKillDisable: has("memory") && features.cgroup !== "v2",
  };
}

function securityOptions({ features }: SystemDeps["kernel"], isolation: DaemonConfig["isolation"]): string[] {
  return [
    ...(features.apparmor ? ["name=apparmor"] : []),
    ...(features.seccomp ? [`name=seccomp,profile=${isolation.seccompProfile.name}`] : []),
    ...(isolation.selinux ? ["name=selinux"] : []),
    ...(isolation.usernsRemap ? ["name=userns"] : []),
    ...(features.cgroup === "v2" ? ["name=cgroupns"] : []),
    ...(isolation.noNewPrivileges ? ["name=no-new-privileges"] : []),
  ];
}

function warnings({ kernel: { features }, runtime, networks }: SystemDeps): string[] | null {
  const hole = mountPlaceHole(runtime.runtimes.get(runtime.defaultName)?.version ?? "");
  const missing = ["memory", "cpu", "cpuset", "pids"].filter((name) => !features.controllers.has(name));
  const all = [
    ...missing.map((name) => `WARNING: No ${name} limit support`),
    ...(features.swapLimit ? [] : ["WARNING: No swap limit support"]),
    ...(features.seccomp ? [] : ["WARNING: No seccomp support"]),
    ...(hole
      ? [`WARNING: ${hole} follows links of other containers (CVE-2024-45310): ${MOUNT_PLACE_REMEDY}`]
      : []),
    ...networks.warnings().map((text) => `WARNING: ${text}`),
  ];
  return all.length > 0 ? all : null;
}

function systemVersion({ runtime, kernel, config }: SystemDeps): SystemVersion {
  const facts = {
    ApiVersion: MAX_API_VERSION,
    MinAPIVersion: config().minApiVersion,
    GitCommit: "",
    GoVersion: "",
    Os: "linux",
    Arch: arch() === "arm64" ? "arm64" : "amd64",
    KernelVersion: kernel.features.kernelRelease,
    BuildTime: "",
  };
  const Experimental = String(config().experimental);
  return {
    Platform: { Name: "wharf" },
    Components: [
      // Docker's client shows these details and not the fields below.
      { Name: "Engine", Version: WHARF_VERSION, Details: { ...facts, Experimental } },
      { Name: "Bun", Version: Bun.version, Details: { GitCommit: Bun.revision.slice(0, 9) } },
      ...[...runtime.runtimes.values()].map(({ name, path, version }) => ({
        Name: name,
        Version: versionNumber(version),
        Details: { Path: path },
      })),
    ],
    Version: WHARF_VERSION,
    ...facts,
  };
}

/** "crun version 1.8.1" to "1.8.1". */
function versionNumber(line: string): string {
  return /\d[\w.+~-]*/.exec(line)?.[0] ?? line;
}
