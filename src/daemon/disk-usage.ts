import type { DiskUsage, DiskUsagePart, ImageUsage, VolumeUsage } from "#api/types.ts";
import { Limiter } from "#base/async.ts";
import type { Digest } from "#base/digest.ts";
import type { ImageView } from "#images/types.ts";
import type { LayerInfo } from "#storage/types.ts";
import type { SystemDeps } from "./info.ts";

/** Volumes measured at a time: each walk of a directory keeps one disk queue busy. */
const PARALLEL_WALKS = 2;

type Deps = Pick<SystemDeps, "containers" | "images" | "volumes" | "storage">;

/** What images, containers and volumes take on the disk; only the parts asked for are measured. */
export async function measureDiskUsage(deps: Deps, parts: ReadonlySet<DiskUsagePart>): Promise<DiskUsage> {
  const [images, containers, volumes] = await Promise.all([
    parts.has("image") ? imageUsages(deps) : undefined,
    parts.has("container") ? deps.containers.list({ all: true, size: true }) : undefined,
    parts.has("volume") ? volumeUsages(deps) : undefined,
  ]);
  return {
    ...(images ? { images: { layersSize: deps.images.layersSize(), items: images } } : {}),
    ...(containers ? { containers } : {}),
    ...(volumes ? { volumes } : {}),
  };
}

async function imageUsages({ images, containers, storage }: Deps): Promise<ImageUsage[]> {
  const views = await images.list({ all: true });
  const layerOf = (chainId: Digest) => storage.snapshotter.layer(chainId);
  const sharedSizes = sharedLayerSizes(views, layerOf);
  return views.map((image) => ({
    image,
    sharedSize: sharedSizes.get(image.id) ?? 0,
    containers: containers.imageUsers.countFor(image.id),
  }));
}

/** For each image the bytes in layers that another image stands on too. */
export function sharedLayerSizes(
  images: readonly Pick<ImageView, "id" | "chainId">[],
  layerOf: (chainId: Digest) => Pick<LayerInfo, "chainId" | "parent" | "sizeBytes"> | undefined,
): Map<Digest, number> {
  const chains = images.map(({ id, chainId }) => ({ id, layers: [...chainFrom(chainId, layerOf)] }));
  const uses = new Map<Digest, number>();
  for (const { layers } of chains)
    for (const { chainId } of layers) uses.set(chainId, (uses.get(chainId) ?? 0) + 1);
  return new Map(
    chains.map(({ id, layers }) => {
      const shared = layers.filter(({ chainId }) => uses.get(chainId)! > 1);
      return [id, shared.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)];
    }),
  );
}

function* chainFrom(
  top: Digest | undefined,
  layerOf: Parameters<typeof sharedLayerSizes>[1],
): Generator<Pick<LayerInfo, "chainId" | "sizeBytes">> {
  for (let layer = top && layerOf(top); layer; layer = layer.parent ? layerOf(layer.parent) : undefined)
    yield layer;
}

async function volumeUsages({ volumes }: Deps): Promise<VolumeUsage[]> {
  const walks = new Limiter(PARALLEL_WALKS);
  return await Promise.all(
    volumes.list().map(async (volume) => ({
      volume,
      sizeBytes: await walks.run(() => volumes.sizeBytes(volume.name)),
      users: volumes.usersOf(volume.name).length,
    })),
  );
}
