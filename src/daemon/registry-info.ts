import { parseCidr } from "#base/ip.ts";
import type { RegistryMirrors } from "#registry/mirror.ts";
import type { SystemInfo } from "#spec/docker/system.ts";

const LOOPBACK = ["::1/128", "127.0.0.0/8"] as const;
const HUB = "docker.io";

export interface RegistrySettings {
  /** Hosts and address ranges without proper TLS. */
  readonly insecureRegistries: readonly string[];
  readonly registries: Readonly<Record<string, RegistryMirrors>>;
}

/** How registries are reached, as `info` shows it. */
export function registryConfig(settings: RegistrySettings): SystemInfo["RegistryConfig"] {
  const { insecureRegistries: insecure, registries } = settings;
  const ranges = insecure.filter((entry) => parseCidr(entry));
  const hosts = insecure.filter((entry) => !parseCidr(entry));
  const index = (Name: string) => ({
    Name,
    Mirrors: [...(registries[Name]?.mirrors ?? [])],
    Secure: !hosts.includes(Name),
    Official: Name === HUB,
  });
  const names = new Set([...hosts, ...Object.keys(registries), HUB]);
  return {
    InsecureRegistryCIDRs: [...new Set([...LOOPBACK, ...ranges])],
    IndexConfigs: Object.fromEntries([...names].map((name) => [name, index(name)])),
    Mirrors: [...(registries[HUB]?.mirrors ?? [])],
  };
}
