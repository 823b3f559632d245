import type { ImageSummary } from "#spec/docker/images.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import type { Volume } from "#spec/docker/volumes.ts";
import type { DiskUsage, ImageUsage, VolumeUsage } from "../types.ts";
import { containerSummary, type SummaryOptions } from "./container-summary.ts";
import { imageSummary } from "./image.ts";
import { volumeView } from "./volume.ts";

/** What `GET /system/df` answers: lists until 1.51, then sums beside them, or in their place when `verbose`. */
export function diskUsageView(
  usage: DiskUsage,
  options: SummaryOptions & { readonly verbose: boolean },
): object {
  const { version, verbose } = options;
  const isNew = !isBefore(version, "1.52");
  return {
    ...(isNew ? sums(usage, options) : {}),
    ...(isNew && verbose ? {} : lists(usage, options)),
  };
}

function lists(usage: DiskUsage, options: SummaryOptions): object {
  return {
    LayersSize: usage.images?.layersSize ?? 0,
    Images: usage.images?.items.map((item) => imageItem(item, options.version)) ?? null,
    Containers: usage.containers?.map((view) => containerSummary(view, options)) ?? null,
    Volumes: usage.volumes?.map(volumeItem) ?? null,
    BuildCache: usage.buildCache ?? null,
  };
}

interface Sum {
  ActiveCount: number;
  TotalCount: number;
  Reclaimable: number;
  TotalSize: number;
  Items?: unknown[];
}

function sums(usage: DiskUsage, options: SummaryOptions & { readonly verbose: boolean }): object {
  const { images, containers, volumes, buildCache } = usage;
  const items = <T>(list: readonly T[], view: (item: T) => unknown) =>
    options.verbose ? { Items: list.map(view) } : {};
  return {
    ...(images && {
      ImageUsage: { ...imageSum(images), ...items(images.items, (item) => imageItem(item, options.version)) },
    }),
    ...(containers && {
      ContainerUsage: {
        ...sum(containers, {
          isActive: ({ state }) => ["running", "paused", "restarting"].includes(state.status),
          size: ({ sizes }) => sizes?.rw ?? 0,
        }),
        ...items(containers, (view) => containerSummary(view, options)),
      },
    }),
    ...(volumes && {
      VolumeUsage: {
        ...sum(volumes, {
          isActive: ({ users }) => users > 0,
          size: ({ sizeBytes }) => Math.max(0, sizeBytes),
        }),
        ...items(volumes, volumeItem),
      },
    }),
    ...(buildCache && { BuildCacheUsage: sum(buildCache, { isActive: () => false, size: () => 0 }) }),
  };
}

/** Shared layers count once in the total and are freed only with their last image. */
function imageSum({ layersSize, reclaimable, items }: NonNullable<DiskUsage["images"]>): Sum {
  return {
    ActiveCount: items.filter(({ containers }) => containers > 0).length,
    TotalCount: items.length,
    Reclaimable: reclaimable,
    TotalSize: layersSize,
  };
}

function sum<T>(
  list: readonly T[],
  of: { readonly isActive: (item: T) => boolean; readonly size: (item: T) => number },
): Sum {
  const sizeOf = (some: readonly T[]) => some.reduce((size, item) => size + of.size(item), 0);
  const idle = list.filter((item) => !of.isActive(item));
  return {
    ActiveCount: list.length - idle.length,
    TotalCount: list.length,
    Reclaimable: sizeOf(idle),
    TotalSize: sizeOf(list),
  };
}

function imageItem({ image, sharedSize, containers }: ImageUsage, version: ApiVersion): ImageSummary {
  return imageSummary(image, { containers, sharedSize }, version);
}

function volumeItem({ volume, sizeBytes, users }: VolumeUsage): Volume {
  return { ...volumeView(volume), UsageData: { Size: sizeBytes, RefCount: users } };
}
