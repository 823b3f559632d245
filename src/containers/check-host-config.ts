import { isIP } from "node:net";
import { InvalidArgument } from "#base/errors.ts";
import { parseBytes } from "#base/units.ts";
import type { ContainerConfig, HostConfig } from "#spec/docker/containers.ts";
import { checkPort } from "./check-config.ts";
import { checkProcessLimits, checkResources, type HostFacts } from "./check-resources.ts";
import { checkLogConfig } from "./logs/options.ts";
import { containerOfMode, networkKind } from "./modes.ts";
import { checkRestartPolicy } from "./restart-policy.ts";

// biome-ignore format: a list to look things up in
const CAPABILITIES: ReadonlySet<string> = new Set([
  "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE",
  "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN",
  "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID",
  "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT",
  "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
]);

/**
 * Both as the user sent them: what an image adds is no conflict.
 * @throws InvalidArgument with Docker's text for the first thing that is wrong
 */
export function checkHostConfig(hostConfig: HostConfig, config: ContainerConfig, host: HostFacts): void {
  if (hostConfig.AutoRemove && !["", "no", undefined].includes(hostConfig.RestartPolicy?.Name))
    throw new InvalidArgument("can't create 'AutoRemove' container with restart policy");
  checkRestartPolicy(hostConfig.RestartPolicy);
  checkNetworkConflicts(hostConfig, config);
  checkModes(hostConfig);
  checkPorts(hostConfig);
  for (const entry of hostConfig.ExtraHosts ?? []) checkExtraHost(entry);
  for (const address of hostConfig.Dns ?? [])
    if (!isIP(address)) throw new InvalidArgument(`${address} is not an ip address`);
  checkCapabilities("CapAdd", hostConfig.CapAdd);
  checkCapabilities("CapDrop", hostConfig.CapDrop);
  if (hostConfig.LogConfig?.Type) checkLogConfig(hostConfig.LogConfig, host.isLogPlugin);
  if (hostConfig.Runtime && !host.runtimes.has(hostConfig.Runtime))
    throw new InvalidArgument(`unknown or invalid runtime name: ${hostConfig.Runtime}`);
  if (!["", "default", undefined].includes(hostConfig.Isolation))
    throw new InvalidArgument(
      `Invalid isolation: ${JSON.stringify(hostConfig.Isolation)} - linux only supports 'default'`,
    );
  checkUserNamespace(hostConfig, host);
  checkStorageOptions(hostConfig.StorageOpt ?? {}, host);
  checkResources(hostConfig, host);
  checkProcessLimits(hostConfig);
}

function checkNetworkConflicts(hostConfig: HostConfig, config: ContainerConfig): void {
  const kind = networkKind(hostConfig.NetworkMode);
  const isShared = kind === "container";
  const conflicts: [boolean, string][] = [
    [isShared && Boolean(config.Hostname), "hostname and the network mode"],
    [
      isShared && Boolean(hostConfig.Links?.length),
      "container type network can't be used with links. This would result in undefined behavior",
    ],
    [
      kind === "host" && Boolean(hostConfig.Links?.length),
      "host type networking can't be used with links. This would result in undefined behavior",
    ],
    [(isShared || kind === "host") && Boolean(config.MacAddress), "mac-address and the network mode"],
    [isShared && Boolean(hostConfig.Dns?.length), "dns and the network mode"],
    [isShared && Boolean(hostConfig.ExtraHosts?.length), "custom host-to-IP mapping and the network mode"],
    [
      isShared &&
        (Object.keys(hostConfig.PortBindings ?? {}).length > 0 || Boolean(hostConfig.PublishAllPorts)),
      "port publishing and the container type network mode",
    ],
    [
      isShared && Object.keys(config.ExposedPorts ?? {}).length > 0,
      "port exposing and the container type network mode",
    ],
    [hostConfig.UTSMode === "host" && Boolean(config.Hostname), "hostname and the UTS mode"],
  ];
  for (const [isConflict, what] of conflicts)
    if (isConflict) throw new InvalidArgument(`conflicting options: ${what}`);
}

function checkModes(hostConfig: HostConfig): void {
  const { PidMode: pid = "", IpcMode: ipc = "", UTSMode: uts = "", CgroupnsMode: cgroupns = "" } = hostConfig;
  if (!["", "host"].includes(pid) && !containerOfMode(pid))
    throw new InvalidArgument(`invalid PID mode: ${pid}`);
  if (!["", "host", "none", "private", "shareable"].includes(ipc) && !containerOfMode(ipc))
    throw new InvalidArgument(`invalid IPC mode: ${ipc}`);
  if (!["", "host"].includes(hostConfig.UsernsMode ?? ""))
    throw new InvalidArgument(`invalid user namespace mode: ${hostConfig.UsernsMode}`);
  if (!["", "host"].includes(uts)) throw new InvalidArgument(`invalid UTS mode: ${uts}`);
  if (!["", "host", "private"].includes(cgroupns))
    throw new InvalidArgument(`invalid cgroup namespace mode: ${cgroupns}`);
  if (networkKind(hostConfig.NetworkMode) === "container" && !containerOfMode(hostConfig.NetworkMode))
    throw new InvalidArgument("invalid container format container:<name|id>");
  const isNamespaced = (name: string) =>
    name.startsWith("net.") && networkKind(hostConfig.NetworkMode) === "host";
  for (const name of Object.keys(hostConfig.Sysctls ?? {}))
    if (isNamespaced(name))
      throw new InvalidArgument(`sysctl '${name}' is not allowed in host network namespace`);
}

function checkPorts(hostConfig: HostConfig): void {
  for (const [port, bindings] of Object.entries(hostConfig.PortBindings ?? {})) {
    checkPort(port);
    for (const { HostIp: address, HostPort: hostPort } of bindings ?? []) {
      if (hostPort) checkPort(hostPort);
      if (address && !isIP(address)) throw new InvalidArgument(`invalid IP address: ${address}`);
    }
  }
}

/** What needs rights over the host that root of a remapped container does not have. */
function checkUserNamespace(hostConfig: HostConfig, { isRemapping }: HostFacts): void {
  if (!isRemapping || hostConfig.UsernsMode === "host") return;
  if (hostConfig.Privileged)
    throw new InvalidArgument(
      "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode",
    );
  if (hostConfig.NetworkMode === "host")
    throw new InvalidArgument("cannot share the host's network namespace when user namespaces are enabled");
  if (hostConfig.PidMode === "host")
    throw new InvalidArgument("cannot share the host PID namespace when user namespaces are enabled");
}

function checkStorageOptions(options: Readonly<Record<string, string>>, host: HostFacts): void {
  for (const [name, value] of Object.entries(options)) {
    if (name.toLowerCase() !== "size") throw new InvalidArgument(`Unknown option ${name}`);
    if (host.noQuotaReason !== undefined) throw new InvalidArgument(host.noQuotaReason);
    if (parseBytes(value) <= 0) throw new InvalidArgument(`invalid size of --storage-opt: ${value}`);
  }
}

/** @returns the bound on what a container adds to its image, in bytes; undefined for none */
export function storageSize({ StorageOpt }: Pick<HostConfig, "StorageOpt">): number | undefined {
  const found = Object.entries(StorageOpt ?? {}).find(([name]) => name.toLowerCase() === "size");
  return found && parseBytes(found[1]);
}

function checkExtraHost(entry: string): void {
  const match = /^([^:=]+)[:=](.+)$/.exec(entry);
  if (!match) throw new InvalidArgument(`bad format for add-host: "${entry}"`);
  const address = match[2]!.replace(/^\[(.*)\]$/, "$1");
  if (address !== "host-gateway" && !isIP(address))
    throw new InvalidArgument(`invalid IP address in add-host: "${match[2]}"`);
}

function checkCapabilities(field: "CapAdd" | "CapDrop", names: readonly string[] | null | undefined): void {
  for (const name of names ?? []) {
    const bare = name.toUpperCase().replace(/^CAP_/, "");
    if (bare !== "ALL" && !CAPABILITIES.has(bare))
      throw new InvalidArgument(`invalid ${field}: unknown capability: "CAP_${bare}"`);
  }
}
