import { lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DiskUsage, DiskUsagePart, ImageUsage, VolumeUsage } from "#api/types.ts";
import type { Digest } from "#base/digest.ts";
import type { Containers, ContainerView } from "#containers/types.ts";
import type { Things } from "#images/evict-plan.ts";
import { chainOf, type Needs, needsOf } from "#images/needs.ts";
import type { Images, ImageView } from "#images/types.ts";
import type { Storage } from "#storage/storage.ts";
import type { LayerInfo, Snapshotter } from "#storage/types.ts";
import type { StorageUsage } from "#storage/usage.ts";
import type { Volumes } from "#volumes/types.ts";

export interface DiskUsageDeps {
  readonly containers: Pick<Containers, "list" | "imageUsers">;
  readonly images: Pick<Images, "list" | "targetsOf">;
  readonly volumes: Pick<Volumes, "list" | "usersOf">;
  readonly storage: Pick<Storage, "usage" | "measure"> & {
    readonly snapshotter: Pick<Snapshotter, "layer">;
  };
}

/**
 * What images, containers and volumes take on the disk, as `du` counts it; only the parts asked for are measured. An
 * image takes its unpacked layers and the blobs kept to push it unchanged.
 */
export async function measureDiskUsage(
  deps: DiskUsageDeps,
  parts: ReadonlySet<DiskUsagePart>,
): Promise<DiskUsage> {
  const needsStorage = parts.has("image") || parts.has("container");
  const [storage, volumes] = await Promise.all([
    needsStorage ? deps.storage.usage() : undefined,
    parts.has("volume") ? volumeUsages(deps) : undefined,
  ]);
  return {
    ...(storage && parts.has("image") ? { images: await imagesUsage(deps, storage) } : {}),
    ...(storage && parts.has("container") ? { containers: await containersUsage(deps, storage) } : {}),
    ...(volumes ? { volumes } : {}),
    ...(parts.has("build-cache") ? { buildCache: [] } : {}),
  };
}

async function imagesUsage(deps: DiskUsageDeps, usage: StorageUsage): Promise<DiskUsage["images"]> {
  const { images, containers } = deps;
  const views = await images.list({ all: true });
  const needs = imageThings(deps, views, usage);
  const items = diskShares(needs).map(
    (share, index): ImageUsage => ({
      image: { ...views[index]!, sizeBytes: share.sizeBytes },
      sharedSize: share.sharedBytes,
      containers: containers.imageUsers.countFor(views[index]!.id),
    }),
  );
  const layersSize = sum(usage.layers.values()) + sum(usage.blobs.values()) + usage.unfinishedBytes;
  const used = new Map(needs.filter((_, index) => items[index]!.containers > 0).flatMap((each) => [...each]));
  return { layersSize, reclaimable: Math.max(0, layersSize - sum(used.values())), items };
}

/** Of each image what it needs, and the bytes of that. */
export function imageThings(
  { images, storage }: Pick<DiskUsageDeps, "images" | "storage">,
  views: readonly ImageView[],
  usage: StorageUsage,
): Things[] {
  const layerOf = (chainId: Digest) => storage.snapshotter.layer(chainId);
  return views.map((image) =>
    thingsOf(needsOf(image, { targets: images.targetsOf(image.id), layerOf }), usage),
  );
}

function thingsOf({ layers, blobs }: Needs, usage: StorageUsage): Things {
  return new Map([
    ...[...layers].map((chainId) => [`layer ${chainId}`, usage.layers.get(chainId) ?? 0] as const),
    ...[...blobs].map((digest) => [`blob ${digest}`, usage.blobs.get(digest) ?? 0] as const),
  ]);
}

/** Pure: of each user of things, the bytes of all it needs, and of those that others need too. */
export function diskShares(
  needs: readonly Things[],
): { readonly sizeBytes: number; readonly sharedBytes: number }[] {
  const uses = new Map<string, number>();
  for (const name of needs.flatMap((each) => [...each.keys()])) uses.set(name, (uses.get(name) ?? 0) + 1);
  return needs.map((each) => {
    const shared = [...each].filter(([name]) => uses.get(name)! > 1);
    return { sizeBytes: sum(each.values()), sharedBytes: sum(shared.map(([, bytes]) => bytes)) };
  });
}

/** For each image the bytes of files in layers that another image stands on too, as the list of images shows them. */
export function sharedLayerSizes(
  images: readonly Pick<ImageView, "id" | "chainId">[],
  layerOf: (chainId: Digest) => Pick<LayerInfo, "chainId" | "parent" | "sizeBytes"> | undefined,
): Map<Digest, number> {
  const sizeOf = (chainId: Digest) => layerOf(chainId)?.sizeBytes ?? 0;
  const shares = diskShares(
    images.map(({ chainId: top }) => new Map([...chainOf(top, layerOf)].map((one) => [one, sizeOf(one)]))),
  );
  return new Map(images.map(({ id }, index) => [id, shares[index]!.sharedBytes]));
}

/** What a container has written, and its log. */
async function containersUsage(
  { containers, images }: DiskUsageDeps,
  { writables }: StorageUsage,
): Promise<ContainerView[]> {
  const imageSizes = new Map(
    (await images.list({ all: true })).map(({ id, sizeBytes }) => [id, sizeBytes] as const),
  );
  return (await containers.list({ all: true })).map((view) => {
    const rw = (writables.get(view.id) ?? 0) + logBytes(view.paths.log);
    return { ...view, sizes: { rw, rootFs: rw + (imageSizes.get(view.imageId) ?? 0) } };
  });
}

/** The file and those it was rotated into: "ID-json.log", "ID-json.log.1", … */
function logBytes(path: string): number {
  const directory = dirname(path);
  try {
    const names = readdirSync(directory).filter((name) => name.startsWith(basename(path)));
    return sum(names.map((name) => lstatSync(join(directory, name)).blocks * 512));
  } catch {
    return 0; // removed meanwhile
  }
}

/** As Docker says it. */
const UNKNOWN_SIZE = -1;

async function volumeUsages({ volumes, storage }: DiskUsageDeps): Promise<VolumeUsage[]> {
  const records = volumes.list();
  const local = records.filter(({ driver }) => driver === "local"); // a plugin's may be far away
  const bytes = await storage.measure(local.map(({ mountpoint }) => mountpoint));
  const sizes = new Map(local.map(({ name }, index) => [name, bytes[index]!]));
  return records.map((volume) => ({
    volume,
    sizeBytes: sizes.get(volume.name) ?? UNKNOWN_SIZE,
    users: volumes.usersOf(volume.name).length,
  }));
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const one of numbers) total += one;
  return total;
}
