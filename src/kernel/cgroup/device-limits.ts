/** Limits of single block devices, one write each: the kernel keeps what other devices have. */
import type { CgroupLimits, DeviceRate } from "../types.ts";
import type { CgroupWrite, CurrentValues } from "./limits.ts";

export function deviceLimitsV1(limits: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const weights =
    current["blkio.bfq.weight"] === undefined ? "blkio.weight_device" : "blkio.bfq.weight_device";
  return [
    ...perDevice(weights, limits.blkioWeightDevices, (rate) => `${rate}`),
    ...perDevice("blkio.throttle.read_bps_device", limits.blkioReadBps, (rate) => `${rate}`),
    ...perDevice("blkio.throttle.write_bps_device", limits.blkioWriteBps, (rate) => `${rate}`),
    ...perDevice("blkio.throttle.read_iops_device", limits.blkioReadIops, (rate) => `${rate}`),
    ...perDevice("blkio.throttle.write_iops_device", limits.blkioWriteIops, (rate) => `${rate}`),
  ];
}

export function deviceLimitsV2(limits: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const orMax = (rate: number) => (rate === 0 ? "max" : `${rate}`);
  return [
    ...weightsV2(limits.blkioWeightDevices, current),
    ...perDevice("io.max", limits.blkioReadBps, (rate) => `rbps=${orMax(rate)}`),
    ...perDevice("io.max", limits.blkioWriteBps, (rate) => `wbps=${orMax(rate)}`),
    ...perDevice("io.max", limits.blkioReadIops, (rate) => `riops=${orMax(rate)}`),
    ...perDevice("io.max", limits.blkioWriteIops, (rate) => `wiops=${orMax(rate)}`),
  ];
}

function weightsV2(devices: readonly DeviceRate[] | undefined, current: CurrentValues): CgroupWrite[] {
  if (current["io.bfq.weight"] !== undefined)
    return perDevice("io.bfq.weight", devices, (weight) => (weight === 0 ? "default" : `${weight}`));
  if (current["io.weight"] === undefined) return [];
  return perDevice("io.weight", devices, (weight) => (weight === 0 ? "default" : `${weightOfBlkio(weight)}`));
}

/** BFQ counts 10 to 1000 as Docker does; the cost controller 1 to 10000. */
export function weightOfBlkio(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function perDevice(
  file: string,
  devices: readonly DeviceRate[] | undefined,
  value: (rate: number) => string,
): CgroupWrite[] {
  return (devices ?? []).map(({ major, minor, rate }) => ({
    file,
    value: `${major}:${minor} ${value(rate)}`,
  }));
}
