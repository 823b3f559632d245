import { join } from "node:path";
import { KeyedLock } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import { Conflict } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import type { Kernel } from "#kernel/types.ts";
import type { Plugins } from "#plugins/types.ts";
import type { StateStore } from "#state/types.ts";
import { findVolume, getVolume, LOCAL, usersOf, type VolumesContext } from "./context.ts";
import { cloneVolume, exportVolume, importVolume, snapshotVolume } from "./copies.ts";
import { createVolume } from "./create.ts";
import { LocalDriver, type Quotas, resolveOnHost } from "./drivers/local.ts";
import { PluginDrivers } from "./drivers/plugin.ts";
import { projectQuotas } from "./drivers/quotas.ts";
import { inspectVolume, listAll, listVolumes, volumeSize } from "./look.ts";
import { mountVolume, releaseVolumes, unmountVolume } from "./mounting.ts";
import { openRecords, type VolumeRecords } from "./records.ts";
import { recoverVolumes } from "./recover.ts";
import { planPrune, planRemoval, pruneVolumes, removeVolume } from "./remove.ts";
import { renameVolume } from "./rename.ts";
import type { OpenArchive, Volumes } from "./types.ts";

export interface VolumesDeps {
  readonly dataRoot: string;
  readonly kernel: Pick<Kernel, "mounts">;
  readonly state: Pick<StateStore, "collection" | "transaction">;
  readonly events: Pick<Events, "emit">;
  readonly log: Log;
  readonly clock: Clock;
  readonly files: VolumeFiles;
  /** Makes those of these containers that run stand still, until it is disposed. */
  readonly freeze: (containerIds: readonly string[]) => Promise<AsyncDisposable>;
  /** Default: the file system's. */
  readonly quotas?: Quotas;
  readonly plugins: Plugins;
}

/** Work on whole trees of files, done away from the daemon's thread. */
export interface VolumeFiles {
  /** Into a directory that exists; owners, attributes and holes included, blocks shared where possible. */
  copy(from: string, to: string, signal?: AbortSignal): Promise<void>;
  /** All of a directory as a tar archive. */
  read(directory: string, signal?: AbortSignal): OpenArchive;
  /** Unpacks into a directory and never out of it. @throws InvalidArgument naming the entry */
  write(directory: string, archive: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
}

export function createVolumes(deps: VolumesDeps): Volumes {
  const records = openRecords(deps.state);
  const directory = join(deps.dataRoot, "volumes");
  const ctx: VolumesContext = {
    ...deps,
    records,
    local: new LocalDriver({
      directory,
      mounts: deps.kernel.mounts,
      resolve: resolveOnHost,
      quotas: deps.quotas ?? projectQuotas(directory, () => projectsOf(records)),
    }),
    plugins: new PluginDrivers(deps.plugins, () => deps.clock.now()),
    locks: new KeyedLock(),
    mountedFor: new Map(),
  };
  let isPruning = false;
  return {
    list: (filters = {}) => listVolumes(ctx, filters),
    listAll: (filters, options) => listAll(ctx, filters, options),
    get: (name) => getVolume(ctx, name),
    find: (name) => findVolume(ctx, name),
    inspect: (name, options) => inspectVolume(ctx, name, options),
    create: (request, options = {}) => createVolume(ctx, request, options),
    remove: (name, options) => removeVolume(ctx, name, options),
    planRemove: (name, options) => planRemoval(ctx, name, options),
    planPrune: (filters, removedContainers) => planPrune(ctx, filters, removedContainers),
    async prune(filters) {
      if (isPruning) throw new Conflict("a prune operation is already running");
      isPruning = true;
      try {
        return await pruneVolumes(ctx, filters);
      } finally {
        isPruning = false;
      }
    },
    release: (containerId) => releaseVolumes(ctx, containerId),
    usersOf: (name) => usersOf(ctx, name),
    mount: (name, containerId, place) => mountVolume(ctx, name, containerId, place),
    unmount: (name, containerId) => unmountVolume(ctx, name, containerId),
    sizeBytes: (name) => volumeSize(ctx, getVolume(ctx, name)),
    rename: (name, to) => renameVolume(ctx, name, to),
    clone: (name, to, options = {}) => cloneVolume(ctx, name, to, options),
    snapshot: (name, to, options = {}) => snapshotVolume(ctx, name, to, options),
    export: (name, options) => exportVolume(ctx, name, options),
    import: (name, archive, options = {}) => importVolume(ctx, name, archive, options),
    driverNames: () => [LOCAL, ...ctx.plugins.names()],
    recover: (running) => recoverVolumes(ctx, running),
  };
}

function projectsOf({ volumes }: VolumeRecords): number[] {
  return volumes.list().flatMap(({ quota }) => (quota ? [quota.project] : []));
}
