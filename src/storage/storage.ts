import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SingleFlight } from "#base/async.ts";
import { type Clock, systemClock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import type { StateStore } from "#state/types.ts";
import { createContentStore } from "./content/local.ts";
import type { VerifyImageRequest } from "./erofs/verify-image.ts";
import { createLeases, openLeaseRecords, type ProcessLeases } from "./gc/leases.ts";
import {
  type CollectedGarbage,
  collectGarbage,
  type GarbagePlan,
  type GarbageRoots,
  planGarbage,
} from "./gc/sweep.ts";
import type { LayerBounds } from "./layer/bounds.ts";
import { createLayerCompressor } from "./layer/compressor.ts";
import { copyAway } from "./layer/copy-away.ts";
import { runJob } from "./layer/helper-process.ts";
import { createLayerUnpacker } from "./layer/unpacker.ts";
import { createBtrfsDriver } from "./snapshot/btrfs.ts";
import { NumberedDirectories } from "./snapshot/directories.ts";
import { chooseDriver, type DriverName } from "./snapshot/drivers.ts";
import { createErofsDriver } from "./snapshot/erofs.ts";
import { createFuseOverlayDriver } from "./snapshot/fuse-overlay.ts";
import { createOverlayDriver } from "./snapshot/overlay.ts";
import { openSnapshotRecords } from "./snapshot/records.ts";
import { createSnapshotter } from "./snapshot/snapshotter.ts";
import { createVfsDriver } from "./snapshot/vfs.ts";
import type { ContentStore, LayerCompressor, LayerUnpacker, Snapshotter } from "./types.ts";
import { openLayerMeasurements, type StorageUsage, storageUsage } from "./usage.ts";

export interface StorageDeps {
  /** Absolute; `content` and a directory for each driver are made in it. */
  readonly dataRoot: string;
  readonly kernel: Pick<Kernel, "mounts" | "files">;
  readonly state: StateStore;
  /** One of `DRIVER_NAMES`; chosen when absent. */
  readonly driver?: string;
  readonly options?: StorageOptions;
  readonly log: Log;
  /** Command of our own executable that ends in `runUnpackHelper()`. */
  readonly helperCommand: readonly string[];
  readonly clock?: Clock;
  /** Default: the kernel's. */
  readonly bootId?: string;
}

export interface StorageOptions {
  /** Layers unpacked at a time. Default 3. */
  readonly parallelUnpacks?: number;
  readonly layerBounds?: Partial<LayerBounds>;
}

export interface Storage {
  readonly content: ContentStore;
  readonly snapshotter: Snapshotter;
  readonly unpacker: LayerUnpacker;
  readonly compressor: LayerCompressor;
  readonly leases: ProcessLeases;
  /** Deletes what neither the roots nor a lease nor a container needs. */
  collectGarbage(roots: GarbageRoots): Promise<CollectedGarbage>;
  /** What that would be now. */
  planGarbage(roots: GarbageRoots): GarbagePlan;
  /** Room everything in the store takes on the disk; measured once for all who ask at the same time. */
  usage(): Promise<StorageUsage>;
  /** Room that the files in directories take on the disk, as `du` counts it; in a helper process. */
  measure(directories: readonly string[]): Promise<readonly number[]>;
  /** Copies what a directory holds, and its owner and mode, into one that exists; large trees in a helper process. */
  copyTree(from: string, to: string): Promise<void>;
  /** Resolves when the files of everything removed so far have been deleted. */
  settled(): Promise<void>;
  /** As `settled`, and lets go of the layers: the data root can be moved or deleted then. */
  close(): Promise<void>;
}

/** Call `snapshotter.sweep()` once before the first job: it removes what a crash left. */
export function createStorage(deps: StorageDeps): Storage {
  const { dataRoot, kernel, state, helperCommand, log, options = {}, clock = systemClock } = deps;
  mkdirSync(dataRoot, { recursive: true, mode: 0o710 });
  const driverName = chooseDriver(deps.driver, { kernel, state, directory: dataRoot, log });
  const root = join(dataRoot, driverName);
  const copyInHelper = (from: string, to: string) => runJob(helperCommand, { job: "copy", from, to });
  const verifyImage = async (request: VerifyImageRequest) =>
    (await runJob(helperCommand, { job: "verify", ...request })).isRight;
  const drivers = {
    overlay2: () => createOverlayDriver(root, kernel.files),
    erofs: () => createErofsDriver({ root, kernel, verifyImage }),
    btrfs: () => createBtrfsDriver(),
    "fuse-overlayfs": () => createFuseOverlayDriver(root, kernel.files),
    vfs: () => createVfsDriver(copyInHelper),
  } satisfies Record<DriverName, unknown>;
  mkdirSync(root, { recursive: true, mode: 0o710 });
  const driver = drivers[driverName]();
  const directories = new NumberedDirectories(root, log, (path) => driver.dismantle?.(path));
  const content = createContentStore(join(dataRoot, "content"), clock);
  const leases = createLeases(openLeaseRecords(state), clock);
  const records = openSnapshotRecords(state, driverName);
  const snapshotter = createSnapshotter({
    driver,
    directories,
    records,
    clock,
    log,
    bootId: deps.bootId ?? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    sync: () => runJob(helperCommand, { job: "sync", directory: root }),
  });
  const measured = openLayerMeasurements(state, driverName);
  const measuring = new SingleFlight<string, StorageUsage>();
  const measure: Storage["measure"] = async (directories) =>
    directories.length === 0 ? [] : (await runJob(helperCommand, { job: "measure", directories })).bytes;
  return {
    content,
    snapshotter,
    unpacker: createLayerUnpacker({
      helperCommand,
      parallel: options.parallelUnpacks ?? 3,
      bounds: options.layerBounds,
      log,
    }),
    compressor: createLayerCompressor({ helperCommand }),
    leases,
    collectGarbage: (roots) => collectGarbage({ content, snapshotter, leases }, roots),
    planGarbage: (roots) => planGarbage({ content, snapshotter, leases }, roots),
    usage: () => measuring.run("all", () => storageUsage({ content, snapshotter, measured, measure })),
    measure,
    copyTree: (from, to) => copyAway(from, to, copyInHelper),
    settled: () => directories.settled(),
    async close() {
      await directories.settled();
      await snapshotter.close();
    },
  };
}
