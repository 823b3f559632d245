/** Limits that come in lists: of block devices and of huge pages. Pure. */
import type { HostConfig, Resources } from "#spec/docker/containers.ts";
import { normaliseHugepageLimits } from "#spec/huge-pages.ts";

const DEVICE_RATES = [
  ...(["BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"] as const),
] satisfies (keyof Resources)[];

/** A list replaces the one before: devices that it leaves out lose their limit, which the kernel must be told. */
export function withDropped(current: HostConfig, limits: Resources): Resources {
  const dropped = <T extends { Path?: string }>(before: readonly T[] | null | undefined, now: readonly T[]) =>
    (before ?? []).filter(({ Path }) => !now.some((one) => one.Path === Path));
  const told: Resources = {};
  for (const key of DEVICE_RATES) {
    const now = limits[key];
    if (now) told[key] = [...now, ...dropped(current[key], now).map(({ Path }) => ({ Path, Rate: 0 }))];
  }
  const { BlkioWeightDevice: weights } = limits;
  if (weights)
    told.BlkioWeightDevice = [
      ...weights,
      ...dropped(current.BlkioWeightDevice, weights).map(({ Path }) => ({ Path, Weight: 0 })),
    ];
  return told;
}

/** What is kept of lists: devices with a limit; of huge pages each size's last, as sizes do not replace each other. */
export function mergedLists(current: HostConfig, limits: Resources): HostConfig {
  const merged: HostConfig = {};
  for (const key of DEVICE_RATES) if (limits[key]) merged[key] = limits[key].filter(({ Rate }) => Rate);
  if (limits.BlkioWeightDevice)
    merged.BlkioWeightDevice = limits.BlkioWeightDevice.filter(({ Weight }) => Weight);
  if (limits.HugepageLimits)
    merged.HugepageLimits = normaliseHugepageLimits([
      ...(current.HugepageLimits ?? []),
      ...limits.HugepageLimits,
    ]).filter(({ Limit }) => Limit !== -1);
  return merged;
}

export function withPageSizes(given: Resources): Resources {
  const { HugepageLimits: limits } = given;
  return limits ? { ...given, HugepageLimits: normaliseHugepageLimits(limits) } : given;
}
