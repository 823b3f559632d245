import { join } from "node:path";
import type { ContainerSettings } from "./context.ts";

/** Everything a container has on disk, by its id alone. */
export interface ContainerPaths {
  /** Survives a reboot: generated files, log, exit record. */
  readonly directory: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  /** Of the driver json-file, where Docker has it too. */
  readonly log: string;
  /** Directory of the driver local. */
  readonly localLogs: string;
  /** What log shippers have not sent yet, and what `logs` reads: it stays when the container is removed until all is sent. */
  readonly logSpool: string;
  /** On a tmpfs, the runtime's: gone when the container does not run. */
  readonly runDirectory: string;
  /**
   * Where the root file system is mounted. Outside of `runDirectory`, so that nobody who removes that directory with
   * all it holds can reach a container's files through a mount left over.
   */
  readonly root: string;
  /** Where a shareable /dev/shm is mounted. */
  readonly shm: string;
  /** What is put together for single mounts: places in volumes, images' files, directories with exchanged ids. */
  readonly staged: string;
}

type Roots = Pick<ContainerSettings, "dataRoot" | "execRoot">;

export function pathsOf(roots: Roots, id: string): ContainerPaths {
  const directory = join(containersDirectory(roots), id);
  return {
    directory,
    hosts: join(directory, "hosts"),
    hostname: join(directory, "hostname"),
    resolvConf: join(directory, "resolv.conf"),
    log: join(directory, `${id}-json.log`),
    localLogs: join(directory, "local-logs"),
    logSpool: join(logSpoolRoot(roots), id),
    runDirectory: join(runRoot(roots), id),
    root: join(rootsDirectory(roots), id),
    shm: join(shmDirectory(roots), id),
    staged: join(stagedDirectory(roots), id),
  };
}

export function containersDirectory(roots: Roots): string {
  return join(roots.dataRoot, "containers");
}

export function logSpoolRoot(roots: Pick<Roots, "dataRoot">): string {
  return join(roots.dataRoot, "log-spool");
}

export function runRoot(roots: Roots): string {
  return join(roots.execRoot, "containers");
}

export function rootsDirectory(roots: Roots): string {
  return join(roots.execRoot, "rootfs");
}

/** Roots of stopped containers that are being debugged, by the debugging container's id. */
export function debugDirectory(roots: Roots): string {
  return join(roots.execRoot, "debug");
}

export function shmDirectory(roots: Roots): string {
  return join(roots.execRoot, "shm");
}

export function stagedDirectory(roots: Roots): string {
  return join(roots.execRoot, "mounts");
}
