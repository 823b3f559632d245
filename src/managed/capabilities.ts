import { capabilityOf, type PluginKind } from "#plugins/types.ts";
import type { PluginConfig } from "#spec/docker/plugins.ts";

/** What a plugin is for: "docker.volumedriver/1.0" as "volumedriver". */
export function capabilitiesOf({ Interface }: PluginConfig): string[] {
  return (Interface.Types ?? []).map((type) => type.replace(/^docker\.([^/]+)\/.*$/, "$1"));
}

export function isFor(config: PluginConfig, kind: PluginKind): boolean {
  return capabilitiesOf(config).includes(capabilityOf(kind));
}
