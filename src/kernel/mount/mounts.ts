import { fstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { AT, MS, O, RESOLVE, STATX_ATTR_MOUNT_ROOT, UMOUNT } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close, openat, openat2 } from "../files/at.ts";
import { statfs } from "../files/files.ts";
import { withFileIdentity } from "../process/file-identity.ts";
import type { KernelFeatures, MountEntry, MountFlag, Mounts, Propagation } from "../types.ts";
import { attachMount, cloneMount, cloneMountAt, setAttributes, shiftIds } from "./mount-api.ts";
import { parseMountinfo } from "./mountinfo.ts";
import { mountOverlayByDescriptors, mountOverlayByLayers } from "./overlay.ts";

export function createMounts(features: Pick<KernelFeatures, "overlayLowerdirPlus">): Mounts {
  const overlay = features.overlayLowerdirPlus ? mountOverlayByLayers : mountOverlayByDescriptors;
  return {
    mount: (source, target, fsType, { flags = [], data } = {}) =>
      mount(source, target, fsType, flagBits(flags), data),
    bind,
    bindBelow,
    overlay(request) {
      const { lower, upper, target } = request;
      // overlayfs wants two directories at least; a view of one layer is that layer.
      if (upper === undefined && lower.length === 1) bind(lower[0] as string, target, { readOnly: true });
      else if (request.mounter === undefined) overlay(request);
      else withFileIdentity(request.mounter, () => overlay(request));
    },
    setPropagation: (target, propagation) => mount("", target, "", PROPAGATION_BITS[propagation]),
    unmount: (target, { lazy = true } = {}) => unmount(target, lazy),
    restrictions,
    list: listMounts,
    isMountPoint,
  };
}

export function listMounts(): MountEntry[] {
  return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** mount(2). @param flags bits of `MS` */
export function mount(source: string, target: string, fsType: string, flags: number, data?: string): void {
  const call = memory();
  const options = data === undefined ? 0 : call.text(data);
  const object = fsType === "" ? target : `${fsType} on ${target}`;
  syscall("mount", object, call.text(source), call.text(target), call.text(fsType), flags, options);
}

/** "Not mounted" and "not there" count as done. */
export function unmount(target: string, lazy: boolean): void {
  const flags = UMOUNT.NOFOLLOW | (lazy ? UMOUNT.DETACH : 0);
  const result = trySyscall("umount2", memory().text(target), flags);
  if (result < 0 && result !== -Errno.EINVAL && result !== -Errno.ENOENT) {
    throw new SysError("umount2", -result, target);
  }
}

export function flagBits(flags: readonly MountFlag[]): number {
  return flags.reduce((bits, flag) => bits | FLAG_BITS[flag], 0);
}

const FLAG_BITS: Record<MountFlag, number> = {
  ro: MS.RDONLY,
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  noatime: MS.NOATIME,
  relatime: MS.RELATIME,
  nodiratime: MS.NODIRATIME,
  strictatime: MS.STRICTATIME,
  sync: MS.SYNCHRONOUS,
  dirsync: MS.DIRSYNC,
  mand: MS.MANDLOCK,
  bind: MS.BIND,
  rbind: MS.BIND | MS.REC,
  remount: MS.REMOUNT,
};

const PROPAGATION_BITS: Record<Propagation, number> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE | MS.REC,
  shared: MS.SHARED,
  rshared: MS.SHARED | MS.REC,
  slave: MS.SLAVE,
  rslave: MS.SLAVE | MS.REC,
  unbindable: MS.UNBINDABLE,
};

function bind(source: string, target: string, options: Parameters<Mounts["bind"]>[2] = {}): void {
  const recursive = options.recursive ?? false;
  const copy = cloneMount(source, { recursive });
  try {
    if (options.idsOf !== undefined) shiftIdsAs(copy, options.idsOf, recursive);
    const asked: readonly MountFlag[] = [
      ...(options.flags ?? []),
      ...(options.readOnly ? (["ro"] as const) : []),
    ];
    restrict(copy, asked.filter(isRestriction), { recursive });
  } catch (error) {
    close(copy);
    throw error;
  }
  attachMount(copy, target);
}

function bindBelow(
  root: string,
  path: string,
  target: string,
  { recursive = false }: { readonly recursive?: boolean } = {},
): void {
  const rootFd = openat(AT.FDCWD, root, O.PATH | O.DIRECTORY);
  try {
    const found = openat2(rootFd, path, O.PATH, 0, RESOLVE.BENEATH | RESOLVE.NO_MAGICLINKS);
    try {
      makePlace(target, fstatSync(found).isDirectory());
      attachMount(cloneMountAt(found, { recursive }), target);
    } finally {
      close(found);
    }
  } finally {
    close(rootFd);
  }
}

function makePlace(target: string, isDirectory: boolean): void {
  if (isDirectory) mkdirSync(target, { recursive: true, mode: 0o700 });
  else writeFileSync(target, "", { mode: 0o600 });
}

function shiftIdsAs(mountFd: number, usernsPath: string, recursive: boolean): void {
  const userns = openat(AT.FDCWD, usernsPath, O.RDONLY);
  try {
    shiftIds(mountFd, userns, { recursive });
  } finally {
    close(userns);
  }
}

/** Bits of statfs(2)'s flags: include/linux/statfs.h. */
const RESTRICTIONS: readonly (readonly [number, MountFlag])[] = [
  [1, "ro"],
  [2, "nosuid"],
  [4, "nodev"],
  [8, "noexec"],
];

/** The bits of the new mount API are those of statfs(2). */
function isRestriction(flag: MountFlag): boolean {
  return RESTRICTIONS.some(([, name]) => name === flag);
}

function restrict(
  mountFd: number,
  flags: readonly MountFlag[],
  options: { readonly recursive: boolean },
): void {
  const bits = RESTRICTIONS.reduce((sum, [bit, flag]) => (flags.includes(flag) ? sum | bit : sum), 0);
  if (bits !== 0) setAttributes(mountFd, bits, options);
}

function restrictions(path: string): MountFlag[] {
  const { flags } = statfs(path);
  return RESTRICTIONS.filter(([bit]) => (flags & bit) !== 0).map(([, flag]) => flag);
}

/** One statx(2) instead of reading every mount: bit and offset are from linux/stat.h. */
function isMountPoint(target: string): boolean {
  const call = memory();
  const result = call.reserve(256);
  const flags = AT.SYMLINK_NOFOLLOW | AT.NO_AUTOMOUNT;
  const error = trySyscall("statx", AT.FDCWD, call.text(target), flags, 0, call.addressOf(result));
  if (error === -Errno.ENOENT) return false;
  if (error < 0) throw new SysError("statx", -error, target);
  return (call.view.getUint32(result + 8, true) & STATX_ATTR_MOUNT_ROOT) !== 0;
}
