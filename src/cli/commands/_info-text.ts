/** `info` as text. */
import type { SystemInfo } from "#spec/docker/system.ts";
import { binarySize } from "../format/human.ts";

export interface ClientInfo {
  readonly Debug: boolean;
  readonly Version: string;
  readonly Context: string;
}

export function clientText({ Version, Context, Debug }: ClientInfo): string {
  return `Client:\n Version:    ${Version}\n Context:    ${Context}\n Debug Mode: ${Debug}\n`;
}

export function warningText({ Warnings }: SystemInfo): string {
  return (Warnings ?? []).map((warning) => `${warning}\n`).join("");
}

/** The lines below "Server:", each behind a space. What the engine does not say is left out. */
export function serverText(info: SystemInfo): string {
  const lines = [
    ...stateLines(info),
    ...driverLines(info),
    ...runtimeLines(info),
    ...hostLines(info),
    ...registryLines(info),
  ];
  return lines.map((line) => ` ${line}\n`).join("");
}

function stateLines(info: SystemInfo): string[] {
  return [
    `Containers: ${info.Containers}`,
    ` Running: ${info.ContainersRunning}`,
    ` Paused: ${info.ContainersPaused}`,
    ` Stopped: ${info.ContainersStopped}`,
    `Images: ${info.Images}`,
    ...optional("Server Version", info.ServerVersion),
  ];
}

function driverLines(info: SystemInfo): string[] {
  const { Plugins } = info;
  return [
    `Storage Driver: ${info.Driver}`,
    ...(info.DriverStatus ?? []).map(([name, value]) => ` ${name}: ${value}`),
    `Logging Driver: ${info.LoggingDriver}`,
    `Cgroup Driver: ${info.CgroupDriver}`,
    ...optional("Cgroup Version", info.CgroupVersion),
    "Plugins:",
    ` Volume: ${Plugins.Volume.join(" ")}`,
    ` Network: ${Plugins.Network.join(" ")}`,
    ...(Plugins.Authorization?.length ? [` Authorization: ${Plugins.Authorization.join(" ")}`] : []),
    ` Log: ${Plugins.Log.join(" ")}`,
    ...cdiLines(info.CDISpecDirs),
    `Swarm: ${(info.Swarm as { LocalNodeState?: string } | undefined)?.LocalNodeState ?? "inactive"}`,
  ];
}

function cdiLines(directories: readonly string[] | undefined): string[] {
  return directories?.length ? ["CDI spec directories:", ...directories.map((path) => ` ${path}`)] : [];
}

function runtimeLines(info: SystemInfo): string[] {
  return [
    ...optional("Runtimes", Object.keys(info.Runtimes ?? {}).join(" ")),
    ...optional("Default Runtime", info.DefaultRuntime),
    ...optional("Init Binary", info.InitBinary),
    `containerd version: ${info.ContainerdCommit?.ID ?? ""}`,
    `runc version: ${info.RuncCommit?.ID ?? ""}`,
    `init version: ${info.InitCommit?.ID ?? ""}`,
    ...securityLines(info.SecurityOptions ?? []),
  ];
}

/** "name=seccomp,profile=default" is shown as the name with its settings below. */
function securityLines(options: readonly string[]): string[] {
  if (options.length === 0) return [];
  const lines = options.flatMap((option) => {
    const pairs = option.split(",").map((pair) => pair.split("=", 2) as [string, string?]);
    const name = pairs.find(([key]) => key === "name")?.[1] ?? option;
    const settings = pairs.filter(([key, value]) => key !== "name" && value !== undefined);
    return [` ${name}`, ...settings.map(([key, value]) => `  ${capitalised(key)}: ${value}`)];
  });
  return ["Security Options:", ...lines];
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function hostLines(info: SystemInfo): string[] {
  return [
    `Kernel Version: ${info.KernelVersion}`,
    `Operating System: ${info.OperatingSystem}`,
    `OSType: ${info.OSType}`,
    `Architecture: ${info.Architecture}`,
    `CPUs: ${info.NCPU}`,
    `Total Memory: ${binarySize(info.MemTotal)}`,
    `Name: ${info.Name}`,
    ...optional("ID", info.ID),
    `Docker Root Dir: ${info.DockerRootDir}`,
    `Debug Mode: ${info.Debug}`,
    ...(info.Debug ? debugLines(info) : []),
    ...optional("HTTP Proxy", info.HttpProxy),
    ...optional("HTTPS Proxy", info.HttpsProxy),
    ...optional("No Proxy", info.NoProxy),
    ...(info.Labels?.length ? ["Labels:", ...info.Labels.map((label) => ` ${label}`)] : []),
    `Experimental: ${info.ExperimentalBuild}`,
  ];
}

function debugLines(info: SystemInfo): string[] {
  return [
    ` File Descriptors: ${info.NFd}`,
    ` Goroutines: ${info.NGoroutines}`,
    ` System Time: ${info.SystemTime}`,
    ` EventsListeners: ${info.NEventsListener}`,
  ];
}

function registryLines(info: SystemInfo): string[] {
  const { InsecureRegistryCIDRs = [], IndexConfigs = {}, Mirrors = [] } = info.RegistryConfig ?? {};
  const insecure = Object.values(IndexConfigs)
    .filter(({ Secure }) => !Secure)
    .map(({ Name }) => Name);
  const registries = [...insecure, ...(InsecureRegistryCIDRs ?? [])];
  return [
    ...(registries.length > 0 ? ["Insecure Registries:", ...registries.map((name) => ` ${name}`)] : []),
    ...(Mirrors?.length ? ["Registry Mirrors:", ...Mirrors.map((url) => ` ${url}`)] : []),
    `Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    ...optional("Product License", info.ProductLicense),
    ...optional("Firewall Backend", info.FirewallBackend?.Driver),
  ];
}

function optional(label: string, value: string | undefined): string[] {
  return value ? [`${label}: ${value}`] : [];
}
