import type { HostPolicy } from "./hosts.ts";

/** Docker Hub's registry does not answer under the name people use. */
const HUB_HOST = "registry-1.docker.io";
const HUB_NAMES = new Set(["docker.io", "index.docker.io", HUB_HOST]);

/** The host a registry answers at: "docker.io" → "registry-1.docker.io", others as they are. */
export function registryHost(domain: string): string {
  return HUB_NAMES.has(domain) ? HUB_HOST : domain;
}

/** Where to try a registry, in order: an insecure one may speak HTTPS, whoever signed its certificate, or plain HTTP. */
export function endpointsOf(host: string, policy: Pick<HostPolicy, "insecure">): URL[] {
  const https = new URL(`https://${host}`);
  return policy.insecure ? [https, new URL(`http://${host}`)] : [https];
}

/**
 * The registry a login is for: "https://index.docker.io/v1/", "registry.example:5000", "".
 * @returns its host and port
 */
export function hostOfServerAddress(address: string | undefined): string {
  const text = (address ?? "").replace(/^https?:\/\//, "").split("/", 1)[0]!;
  return registryHost(text || "docker.io");
}
