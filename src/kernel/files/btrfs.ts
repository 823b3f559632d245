/** Subvolumes of btrfs by ioctl(2). @see include/uapi/linux/btrfs.h */
import { AT, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, syscall } from "../ffi/syscall.ts";
import { close, openat } from "./at.ts";

const SUBVOL_CREATE = 0x5000_940e;
const SNAP_DESTROY = 0x5000_940f;
const SNAP_CREATE_V2 = 0x5000_9417;
const QUOTA_CTL = 0xc010_9428;
const QUOTA_ENABLE = 1n;
const QGROUP_LIMIT = 0x8030_942b;
const LIMIT_REFERENCED = 1n;

/** struct btrfs_ioctl_vol_args and its second version: a descriptor first, the name at the end, a page together. */
const ARGS_BYTES = 4096;
const NAME_AT = { v1: 8, v2: 56 } as const;
const MAX_NAME_BYTES = 255;

/** Makes an empty subvolume, which looks like a directory of mode 0755. */
export function createSubvolume(directory: string, name: string): void {
  withDirectory(directory, (fd) => subvolumeCall(SUBVOL_CREATE, fd, name, { nameAt: NAME_AT.v1 }));
}

/** Makes a writable subvolume that shares everything with `source`, a subvolume, until one of them changes. */
export function createSnapshot(source: string, directory: string, name: string): void {
  withDirectory(source, (sourceFd) =>
    withDirectory(directory, (fd) =>
      subvolumeCall(SNAP_CREATE_V2, fd, name, { nameAt: NAME_AT.v2, sourceFd }),
    ),
  );
}

/** Deletes a subvolume with all its files at once; the space is freed later. @throws SysError ENOTEMPTY when it holds others */
export function destroySubvolume(directory: string, name: string): void {
  withDirectory(directory, (fd) => subvolumeCall(SNAP_DESTROY, fd, name, { nameAt: NAME_AT.v1 }));
}

/**
 * Bounds what a subvolume refers to, what it shares with others counted in.
 * The file system counts for every subvolume from the first such bound on.
 */
export function limitSubvolume(path: string, sizeBytes: number): void {
  withDirectory(path, (fd) => {
    const enable = Buffer.alloc(16); // struct btrfs_ioctl_quota_ctl_args
    enable.writeBigUInt64LE(QUOTA_ENABLE, 0);
    syscall("ioctl", path, fd, QUOTA_CTL, memory().copy(enable));
    const limit = Buffer.alloc(48); // struct btrfs_ioctl_qgroup_limit_args: group 0 is the subvolume's own
    limit.writeBigUInt64LE(LIMIT_REFERENCED, 8);
    limit.writeBigUInt64LE(BigInt(sizeBytes), 16);
    syscall("ioctl", path, fd, QGROUP_LIMIT, memory().copy(limit));
  });
}

interface SubvolumeArgs {
  readonly nameAt: number;
  readonly sourceFd?: number;
}

function subvolumeCall(request: number, fd: number, name: string, { nameAt, sourceFd }: SubvolumeArgs): void {
  const bytes = Buffer.from(name);
  if (bytes.byteLength > MAX_NAME_BYTES) throw new SysError("ioctl", Errno.ENAMETOOLONG, name);
  const args = Buffer.alloc(ARGS_BYTES);
  if (sourceFd !== undefined) args.writeBigInt64LE(BigInt(sourceFd), 0);
  args.set(bytes, nameAt);
  syscall("ioctl", name, fd, request, memory().copy(args));
}

function withDirectory(path: string, work: (fd: number) => void): void {
  const fd = openat(AT.FDCWD, path, O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
  try {
    work(fd);
  } finally {
    close(fd);
  }
}
