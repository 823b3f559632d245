import type { RegistryMirrors } from "#registry/mirror.ts";
import type { ProxySettings } from "#registry/proxy.ts";
import type { TrustPolicy } from "./trust/policy.ts";

/** What an operator may set. Read anew by each job, so that a reload needs no restart: give an object with getters. */
export interface ImagesOptions {
  /** Blobs fetched at once by one pull. */
  readonly maxConcurrentDownloads: number;
  /** Tries in a row that bring nothing, until a download fails. */
  readonly maxDownloadAttempts: number;
  /** Blobs sent at once by one push. */
  readonly maxConcurrentUploads: number;
  /** Hosts and CIDRs, as dockerd's `insecure-registries`. */
  readonly insecureRegistries: readonly string[];
  /** Mirrors by the domain in an image's name: "docker.io", "quay.io". */
  readonly registries: Readonly<Record<string, RegistryMirrors>>;
  /** Absent: as the environment says. */
  readonly proxies: ProxySettings | undefined;
  /** Certificates and hosts.toml by host, as /etc/docker/certs.d; it need not exist. */
  readonly certsDir: string;
  readonly userAgent: string;
  /** Silence of a registry that ends a request. */
  readonly stallTimeoutMs: number;
  /** Which images may be pulled; undefined: all. */
  readonly trustPolicy: TrustPolicy | undefined;
}

/**
 * Six downloads at once where dockerd has three: registries answer from several machines, and what arrives is
 * unpacked at once and not waited for.
 */
export const DEFAULT_IMAGES_OPTIONS: ImagesOptions = {
  maxConcurrentDownloads: 6,
  maxDownloadAttempts: 5,
  maxConcurrentUploads: 5,
  insecureRegistries: [],
  registries: {},
  proxies: undefined,
  certsDir: "/etc/docker/certs.d",
  userAgent: "wharf",
  stallTimeoutMs: 30_000,
  trustPolicy: undefined,
};

/** What was set, and the defaults for the rest. */
export function withDefaults(set: Partial<ImagesOptions> = {}): ImagesOptions {
  const given = Object.keys(DEFAULT_IMAGES_OPTIONS).flatMap((key) => {
    const value = set[key as keyof ImagesOptions];
    return value === undefined ? [] : [[key, value]];
  });
  return { ...DEFAULT_IMAGES_OPTIONS, ...Object.fromEntries(given) };
}
