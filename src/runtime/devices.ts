import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { DeviceMapping, HostConfig, Resources } from "#spec/docker/containers.ts";
import type { RuntimeDevice } from "#spec/oci/runtime.ts";
import { checkDeviceAccess } from "./spec/devices.ts";
import type { DeviceNumbers, SpecDevices } from "./spec/types.ts";

/** Looks up the devices a host configuration speaks of. @throws InvalidArgument with Docker's text for what is none */
export function readDevices(hostConfig: HostConfig): SpecDevices {
  return {
    asked: (hostConfig.Devices ?? []).flatMap(askedDevices),
    host: hostConfig.Privileged ? devicesBelow("/dev", "/dev") : [],
    block: blockDevices(hostConfig),
  };
}

function askedDevices(mapping: DeviceMapping): SpecDevices["asked"] {
  const path = mapping.PathOnHost ?? "";
  const access = mapping.CgroupPermissions || "rwm";
  checkDeviceAccess(mapping);
  return devicesAt(path, mapping.PathInContainer || path).map((device) => ({ device, access }));
}

/** A device, or all devices in a directory. */
function devicesAt(path: string, target: string): RuntimeDevice[] {
  let real: string;
  let stat: Stats;
  try {
    real = realpathSync(path);
    stat = statSync(real);
  } catch (error) {
    const reason = isErrno(error, "ENOENT") ? "no such file or directory" : messageOf(error);
    throw notADevice(path, reason);
  }
  if (stat.isDirectory()) return devicesBelow(real, target);
  const device = deviceOf(stat, target);
  if (!device) throw notADevice(path, "not a device node");
  return [device];
}

/** One node of the host's. @throws InvalidArgument with Docker's text when it is none */
export function deviceAt(path: string): RuntimeDevice | undefined {
  return devicesAt(path, path)[0];
}

function notADevice(path: string, reason: string): InvalidArgument {
  return new InvalidArgument(
    `error gathering device information while adding custom device "${path}": ${reason}`,
  );
}

/** Made by the runtime for each container, or none of its business. */
const NOT_PASSED_ON = new Set(["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"]);

function devicesBelow(directory: string, target: string): RuntimeDevice[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const [path, inside] = [join(directory, entry.name), join(target, entry.name)];
    if (NOT_PASSED_ON.has(entry.name)) return [];
    if (entry.isDirectory()) return devicesBelow(path, inside);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    const stat = lstatIfExists(path);
    return (stat && deviceOf(stat, inside)) ?? [];
  });
}

function lstatIfExists(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function deviceOf(stat: Stats, path: string): RuntimeDevice | undefined {
  const type = stat.isBlockDevice() ? "b" : stat.isCharacterDevice() ? "c" : undefined;
  if (!type) return undefined;
  return {
    ...{ path, type, ...numbersOf(stat) },
    ...{ fileMode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid },
  };
}

/** @see makedev(3): twelve and twenty bits, interleaved for the sake of old programs */
function numbersOf({ rdev }: Stats): DeviceNumbers {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}

/** Numbers of the devices whose I/O is limited, by path. @throws InvalidArgument for one that is not there */
export function blockDevices(hostConfig: Resources): Map<string, DeviceNumbers> {
  const lists = [
    hostConfig.BlkioWeightDevice,
    hostConfig.BlkioDeviceReadBps,
    hostConfig.BlkioDeviceWriteBps,
    hostConfig.BlkioDeviceReadIOps,
    hostConfig.BlkioDeviceWriteIOps,
  ];
  const paths = new Set(lists.flatMap((list) => (list ?? []).map(({ Path = "" }) => Path)));
  return new Map([...paths].map((path) => [path, numbersAt(path)]));
}

function numbersAt(path: string): DeviceNumbers {
  try {
    return numbersOf(statSync(path));
  } catch (cause) {
    throw new InvalidArgument(`no such file or directory: ${path}`, { cause });
  }
}
