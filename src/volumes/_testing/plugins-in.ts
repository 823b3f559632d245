import { join } from "node:path";
import { HostPlugins } from "#plugins/plugins.ts";
import type { Plugins } from "#plugins/types.ts";

/** Plugins with sockets below a directory of a test, and patience for none. */
export function pluginsIn(dataRoot: string): Plugins {
  const clock = { now: () => 0, sleep: async () => {} };
  return new HostPlugins({ clock, directories: { sockets: join(dataRoot, "plugins"), specs: [] } });
}
