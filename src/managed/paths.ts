import { join } from "node:path";

export interface PluginRoots {
  readonly dataRoot: string;
  readonly execRoot: string;
}

/** Where plugins' blobs lie, apart from those of images: nobody collects them but we. */
export function contentDirectory({ dataRoot }: Pick<PluginRoots, "dataRoot">): string {
  return join(dataRoot, "plugins", "content");
}

/** One directory for each plugin, named by its id. */
export function pluginsDirectory({ dataRoot }: Pick<PluginRoots, "dataRoot">): string {
  return join(dataRoot, "plugins", "installed");
}

export interface PluginPaths {
  /** Survives a reboot: files, what it shows, what it said, the record of its end. */
  readonly directory: string;
  /** Mounts made in here by the plugin are seen by the host, as `PropagatedMount` says. */
  readonly propagated: string;
  /** What it writes to its output. */
  readonly log: string;
  /** On a tmpfs: the plugin's sockets, which it sees in /run/docker/plugins. */
  readonly sockets: string;
  /** On a tmpfs: pipes that a log plugin reads from, which it sees in /run/docker/logging. */
  readonly logs: string;
  /** On a tmpfs: its supervisor's. */
  readonly runDirectory: string;
}

export function pathsOf(roots: PluginRoots, id: string): PluginPaths {
  const directory = join(pluginsDirectory(roots), id);
  return {
    directory,
    propagated: join(directory, "propagated-mount"),
    log: join(directory, "output.log"),
    sockets: join(socketsDirectory(roots), id),
    logs: join(logsDirectory(roots), id),
    runDirectory: join(runRoot(roots), id),
  };
}

export function socketsDirectory({ execRoot }: Pick<PluginRoots, "execRoot">): string {
  return join(execRoot, "plugins");
}

export function logsDirectory({ execRoot }: Pick<PluginRoots, "execRoot">): string {
  return join(execRoot, "plugin-logs");
}

export function runRoot({ execRoot }: Pick<PluginRoots, "execRoot">): string {
  return join(execRoot, "plugin-runs");
}
