import type { DaemonConfig } from "./types.ts";

/** Settings that a running engine takes over. */
const RELOADABLE: ReadonlySet<string> = new Set<keyof DaemonConfig>([
  "debug",
  "log",
  "labels",
  "images",
  "shutdownTimeoutSeconds",
  "liveRestore",
  "authorizationPlugins",
]);

/** What differs between two configurations, by whether it takes effect now. Names only: values may be secrets. */
export function compareConfigs(
  before: DaemonConfig,
  after: DaemonConfig,
): { readonly applied: string[]; readonly needRestart: string[] } {
  const names = Object.keys(after) as (keyof DaemonConfig)[];
  const changed = names.filter((name) => !Bun.deepEquals(before[name], after[name]));
  return {
    applied: changed.filter((name) => RELOADABLE.has(name)),
    needRestart: changed.filter((name) => !RELOADABLE.has(name)),
  };
}
