import { statfsSync } from "node:fs";
import type { GarbageRequest } from "#api/types.ts";
import type { Clock } from "#base/clock.ts";
import { InvalidArgument } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import { type EvictionCandidate, type EvictionPlan, planEviction } from "#images/evict-plan.ts";
import type { Images } from "#images/types.ts";
import type { GarbageReport } from "#spec/gc.ts";
import type { GarbagePlan } from "#storage/gc/sweep.ts";
import { type DiskUsageDeps, imageThings } from "./disk-usage.ts";

/** When images are evicted: percents of the file system in use. */
export interface ImageGcConfig {
  readonly highThreshold: number;
  /** Down to which it goes then. */
  readonly lowThreshold: number;
  readonly minimumAgeMs: number;
}

export interface ImageGcDeps extends Omit<DiskUsageDeps, "images"> {
  readonly images: Pick<
    Images,
    "list" | "targetsOf" | "retention" | "evict" | "collectGarbage" | "planGarbage"
  >;
  readonly dataRoot: string;
  /** Asked anew for each run; undefined: images stay. */
  readonly config: () => ImageGcConfig | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly diskSpace?: (path: string) => DiskSpace;
}

/** In bytes. */
export interface DiskSpace {
  readonly usedBytes: number;
  /** What is used and what may still be. */
  readonly capacityBytes: number;
}

/** As `df` sees it. */
function diskSpaceOf(path: string): DiskSpace {
  const { blocks, bfree, bavail, bsize } = statfsSync(path);
  return { usedBytes: (blocks - bfree) * bsize, capacityBytes: (blocks - bfree + bavail) * bsize };
}

/**
 * Collects garbage, then evicts images where the disk is too full.
 * @throws InvalidArgument for thresholds that make no sense
 */
export async function runImageGc(deps: ImageGcDeps, request: GarbageRequest): Promise<GarbageReport> {
  const { images, dataRoot, clock, diskSpace = diskSpaceOf } = deps;
  const config = mergeConfig(deps.config(), request);
  noteUses(deps, await images.list({ all: true }));
  const space = diskSpace(dataRoot);
  const garbage = images.planGarbage();
  const wantedBytes = config ? wanted(space, config) - garbage.reclaimedBytes : 0;
  const plan =
    config && wantedBytes > 0
      ? planEviction(await candidates(deps), { ...config, wantedBytes, nowMs: clock.now() })
      : NOTHING;
  if (!request.dryRun) await perform(deps, plan);
  return report(request, { deps, config, space, garbage, plan });
}

const NOTHING: EvictionPlan = { evicted: [], kept: [], freedBytes: 0 };

function wanted({ usedBytes, capacityBytes }: DiskSpace, config: ImageGcConfig): number {
  const isOver = usedBytes * 100 >= config.highThreshold * capacityBytes;
  return isOver ? usedBytes - Math.floor((config.lowThreshold * capacityBytes) / 100) : 0;
}

/** An image with containers is used now, whenever its last one was made. */
function noteUses({ images, containers }: ImageGcDeps, views: readonly { readonly id: string }[]): void {
  images.retention.forgetAllBut((id) => views.some((view) => view.id === id));
  for (const { id } of views) if (containers.imageUsers.countFor(id) > 0) images.retention.noteUse(id);
}

async function candidates(deps: ImageGcDeps): Promise<EvictionCandidate[]> {
  const { images, containers, storage } = deps;
  const views = await images.list({ all: true });
  const things = imageThings(deps, views, await storage.usage());
  return views.map((view, index) => {
    const arrivedAtMs = (view.chainId && storage.snapshotter.layer(view.chainId)?.createdAtMs) ?? 0;
    return {
      id: view.id,
      names: [...view.repoTags, ...view.repoDigests],
      lastUsedMs: images.retention.lastUsedMs(view, Number(arrivedAtMs)),
      parent: view.parent,
      things: things[index]!,
      containers: containers.imageUsers.countFor(view.id),
      isPinned: images.retention.isPinned(view.id),
    };
  });
}

async function perform({ images, log }: ImageGcDeps, { evicted }: EvictionPlan): Promise<void> {
  for (const { image, freedBytes } of evicted) {
    const { id, names } = image;
    if (images.evict(id)) log.info("image evicted", { image: id, names, freedBytes });
  }
  const { blobs, layers, reclaimedBytes } = await images.collectGarbage();
  if (blobs.length + layers.length > 0)
    log.info("garbage collected", { blobs: blobs.length, layers: layers.length, reclaimedBytes });
}

interface Outcome {
  readonly deps: ImageGcDeps;
  readonly config: ImageGcConfig | undefined;
  readonly space: DiskSpace;
  readonly garbage: GarbagePlan;
  readonly plan: EvictionPlan;
}

function report({ dryRun }: GarbageRequest, { deps, config, space, garbage, plan }: Outcome): GarbageReport {
  return {
    DryRun: dryRun,
    FileSystem: {
      Path: deps.dataRoot,
      UsedPercent: Math.round((space.usedBytes * 1000) / Math.max(1, space.capacityBytes)) / 10,
      ...(config ? { HighThreshold: config.highThreshold, LowThreshold: config.lowThreshold } : {}),
    },
    Garbage: {
      Blobs: garbage.blobs.map(({ digest }) => digest),
      Layers: garbage.layers.map(({ chainId }) => chainId),
      Downloads: garbage.ingests.map(({ key }) => key),
      Size: garbage.reclaimedBytes,
    },
    Evicted: plan.evicted.map(({ image, freedBytes }) => ({
      Id: image.id,
      Names: [...image.names],
      LastUsed: new Date(image.lastUsedMs).toISOString(),
      Size: freedBytes,
    })),
    Kept: plan.kept.map(({ image, reason }) => ({ Id: image.id, Names: [...image.names], Reason: reason })),
    SpaceReclaimed: garbage.reclaimedBytes + plan.freedBytes,
  };
}

const DEFAULT_MINIMUM_AGE_MS = 2 * 60_000;
/** How far below the high threshold the low one is when nobody says. */
const DEFAULT_GAP = 5;

/** What the request says goes before what the daemon is configured to do. @throws InvalidArgument */
function mergeConfig(
  configured: ImageGcConfig | undefined,
  { highThreshold, lowThreshold, minimumAgeMs }: GarbageRequest,
): ImageGcConfig | undefined {
  return imageGcConfig({
    highThreshold: highThreshold ?? configured?.highThreshold,
    lowThreshold: lowThreshold ?? (highThreshold === undefined ? configured?.lowThreshold : undefined),
    minimumAgeMs: minimumAgeMs ?? configured?.minimumAgeMs,
  });
}

/** @returns undefined when images are not to be evicted @throws InvalidArgument for thresholds that make no sense */
export function imageGcConfig(given: {
  readonly highThreshold: number | undefined;
  readonly lowThreshold: number | undefined;
  readonly minimumAgeMs: number | undefined;
}): ImageGcConfig | undefined {
  const { highThreshold, minimumAgeMs = DEFAULT_MINIMUM_AGE_MS } = given;
  if (highThreshold === undefined) {
    if (given.lowThreshold === undefined) return undefined;
    throw new InvalidArgument("image-gc-low-threshold needs image-gc-high-threshold");
  }
  const lowThreshold = given.lowThreshold ?? Math.max(0, highThreshold - DEFAULT_GAP);
  if (!(lowThreshold >= 0 && lowThreshold < highThreshold && highThreshold <= 100))
    throw new InvalidArgument(
      `image-gc-low-threshold (${lowThreshold}) must be below image-gc-high-threshold (${highThreshold}), both percents`,
    );
  return { highThreshold, lowThreshold, minimumAgeMs };
}

/** Every ten minutes, until the signal; the first time at once, for what a crash left. */
export async function keepCollecting(deps: ImageGcDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await runImageGc(deps, { dryRun: false });
    } catch (error) {
      deps.log.warn("garbage could not be collected", { error });
    }
    await deps.clock.sleep(COLLECT_EVERY_MS, signal);
  }
}

const COLLECT_EVERY_MS = 10 * 60_000;
