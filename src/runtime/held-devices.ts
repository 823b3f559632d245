import { readIfExists } from "#base/fs.ts";
import type { DeviceRate, HeldLimits } from "#kernel/types.ts";
import type { Resources, ThrottleDevice, WeightDevice } from "#spec/docker/containers.ts";
import { blockDevices } from "./devices.ts";

type DeviceLimit =
  | "blkioReadBps"
  | "blkioWriteBps"
  | "blkioReadIops"
  | "blkioWriteIops"
  | "blkioWeightDevices";

/** Limits as the kernel holds them, devices by their paths. */
export type NamedLimits = Omit<HeldLimits, DeviceLimit> &
  Pick<
    Resources,
    | "BlkioDeviceReadBps"
    | "BlkioDeviceWriteBps"
    | "BlkioDeviceReadIOps"
    | "BlkioDeviceWriteIOps"
    | "BlkioWeightDevice"
  >;

/**
 * Devices of a group's limits by the paths they were asked for by, others by the kernel's name for them.
 * @param nameOf the name below /dev of a device that nobody asked for
 */
export function withDevicePaths(
  held: HeldLimits,
  asked: Resources,
  nameOf: (major: number, minor: number) => string = kernelName,
): NamedLimits {
  const { blkioReadBps, blkioWriteBps, blkioReadIops, blkioWriteIops, blkioWeightDevices, ...others } = held;
  const known = [...devicesAsked(asked)];
  const pathOf = ({ major, minor }: DeviceRate) =>
    known.find(([, numbers]) => numbers.major === major && numbers.minor === minor)?.[0] ??
    nameOf(major, minor);
  const rates = (list: readonly DeviceRate[] | undefined): ThrottleDevice[] | undefined =>
    list?.map((device) => ({ Path: pathOf(device), Rate: device.rate }));
  const weights = (list: readonly DeviceRate[] | undefined): WeightDevice[] | undefined =>
    list?.map((device) => ({ Path: pathOf(device), Weight: device.rate }));
  return {
    ...others,
    BlkioDeviceReadBps: rates(blkioReadBps),
    BlkioDeviceWriteBps: rates(blkioWriteBps),
    BlkioDeviceReadIOps: rates(blkioReadIops),
    BlkioDeviceWriteIOps: rates(blkioWriteIops),
    BlkioWeightDevice: weights(blkioWeightDevices),
  };
}

/** A device may be gone by now: then its limit is too. */
function devicesAsked(asked: Resources): ReturnType<typeof blockDevices> {
  try {
    return blockDevices(asked);
  } catch {
    return new Map();
  }
}

function kernelName(major: number, minor: number): string {
  const uevent = readIfExists(`/sys/dev/block/${major}:${minor}/uevent`) ?? "";
  const name = /^DEVNAME=(.+)$/m.exec(uevent)?.[1];
  return name === undefined ? `/dev/block/${major}:${minor}` : `/dev/${name}`;
}
