import { parseCidr } from "#base/ip.ts";
import type { SystemInfo } from "#spec/docker/system.ts";

const LOOPBACK = ["::1/128", "127.0.0.0/8"] as const;

/** How registries are reached, as `info` shows it. @param insecure hosts and address ranges without proper TLS */
export function registryConfig(insecure: readonly string[]): SystemInfo["RegistryConfig"] {
  const ranges = insecure.filter((entry) => parseCidr(entry));
  const hosts = insecure.filter((entry) => !parseCidr(entry));
  const index = (Name: string, Secure: boolean, Official: boolean) => ({
    Name,
    Mirrors: [],
    Secure,
    Official,
  });
  return {
    InsecureRegistryCIDRs: [...new Set([...LOOPBACK, ...ranges])],
    IndexConfigs: {
      ...Object.fromEntries(hosts.map((host) => [host, index(host, false, false)])),
      "docker.io": index("docker.io", true, true),
    },
    Mirrors: [],
  };
}
