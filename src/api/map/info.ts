import type { SystemInfo } from "#spec/docker/system.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";

/** `GET /info` as a client of this version expects it. */
export function infoView(info: SystemInfo, version: ApiVersion): object {
  const { FirewallBackend, Runtimes, BridgeNfIptables, BridgeNfIp6tables, RegistryConfig, ...rest } = info;
  return {
    ...rest,
    RegistryConfig: isBefore(version, "1.47")
      ? {
          AllowNondistributableArtifactsCIDRs: null,
          AllowNondistributableArtifactsHostnames: null,
          ...RegistryConfig,
        }
      : RegistryConfig,
    Runtimes: isBefore(version, "1.44") ? withoutStatus(Runtimes) : Runtimes,
    ...(isBefore(version, "1.49")
      ? commits(info, (ID) => ({ ID, Expected: ID }))
      : { ...commits(info, (ID) => ({ ID })), ...(FirewallBackend ? { FirewallBackend } : {}) }),
    ...(isBefore(version, "1.50") ? { BridgeNfIptables: false, BridgeNfIp6tables: false } : {}),
  };
}

function commits(info: SystemInfo, form: (id: string) => object) {
  const { ContainerdCommit, RuncCommit, InitCommit } = info;
  return {
    ContainerdCommit: form(ContainerdCommit.ID),
    RuncCommit: form(RuncCommit.ID),
    InitCommit: form(InitCommit.ID),
  };
}

function withoutStatus(runtimes: SystemInfo["Runtimes"]): SystemInfo["Runtimes"] {
  return Object.fromEntries(Object.entries(runtimes).map(([name, { path }]) => [name, { path }]));
}
