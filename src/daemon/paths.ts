import { join } from "node:path";
import { sha256 } from "#base/digest.ts";

export const DEFAULT_DATA_ROOT = "/var/lib/wharf";
export const DEFAULT_EXEC_ROOT = "/run/wharf";
export const DEFAULT_SOCKET = "/run/wharf/wharf.sock";

/** Where everything lives below the two roots; see also src/containers/paths.ts for what each container has. */
export function daemonPaths(roots: { readonly dataRoot: string; readonly execRoot: string }) {
  const { dataRoot, execRoot } = roots;
  return {
    state: join(dataRoot, "state.db"),
    lock: join(dataRoot, "daemon.lock"),
    engineId: join(dataRoot, "engine-id"),
    cache: join(dataRoot, "cache"),
    /** Not below /run, which many systems mount without leave to execute. */
    supervisor: join(dataRoot, "bin", "wharf-shim"),
    netns: join(execRoot, "netns"),
    nameServer: join(execRoot, "names.sock"),
    nameServerLog: join(execRoot, "names.log"),
    runtimeState: join(execRoot, "runtime"),
  };
}

/**
 * Names of things that all daemons of a host share one space for: bridge, firewall table. The daemon at the default
 * place has the plain names; any other gets names made from its data root, so that they never meet.
 */
export function instanceNames(dataRoot: string): { readonly bridge: string; readonly table: string } {
  if (dataRoot === DEFAULT_DATA_ROOT) return { bridge: "wharf0", table: "wharf" };
  const mark = sha256(dataRoot).slice("sha256:".length, "sha256:".length + 6);
  return { bridge: `wharf-${mark}`, table: `wharf_${mark}` };
}
