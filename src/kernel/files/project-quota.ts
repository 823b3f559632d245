/**
 * Bounds on a directory and all below it by project quotas, which ext4 and xfs have where they are mounted with them.
 * @see man quotactl(2), include/uapi/linux/fs.h, include/uapi/linux/dqblk_xfs.h
 */
import { AT, O } from "../ffi/constants.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close, openat } from "./at.ts";

const FSGETXATTR = 0x801c_581f;
const FSSETXATTR = 0x401c_5820;
/** struct fsxattr: flags, extent size hint, extents, project; 28 bytes in all. */
const FSXATTR = { bytes: 28, flagsAt: 0, projectAt: 12 } as const;
/** What is made in the directory belongs to its project. */
const XFLAG_PROJINHERIT = 0x200;

const PRJQUOTA = 2;
const command = (number: number) => (number << 8) | PRJQUOTA;
const Q_SETQUOTA = command(0x80_0008);
const Q_XGETQSTATV = command(0x5808);

/** struct if_dqblk: the hard limit in units of 1 KiB first; at 64 which of its fields count. */
const DQBLK = { bytes: 72, validAt: 64, blockLimits: 1 } as const;
/** struct fs_quota_statv: its version, and at 2 what is counted and enforced. */
const STATV = { bytes: 256, version: 1, flagsAt: 2, enforcesProjects: 1 << 5 } as const;

/** Whether the file system of a directory enforces project quotas. Kernels before 5.14 cannot be asked. */
export function hasProjectQuotas(path: string): boolean {
  return withDirectory(path, (fd) => {
    const state = memory().reserve(STATV.bytes);
    memory().view.setUint8(state, STATV.version);
    const result = trySyscall("quotactl_fd", fd, Q_XGETQSTATV, 0, memory().addressOf(state));
    return (
      result >= 0 && (memory().view.getUint16(state + STATV.flagsAt, true) & STATV.enforcesProjects) !== 0
    );
  });
}

/**
 * Gives a directory, which must be empty, to a project, and the project a hard limit.
 * @param project not used by another directory of the same file system
 */
export function limitProject(path: string, project: number, sizeBytes: number): void {
  withDirectory(path, (fd) => {
    setProject(path, fd, project);
    const limits = memory().reserve(DQBLK.bytes);
    memory().view.setBigUint64(limits, BigInt(Math.ceil(sizeBytes / 1024)), true);
    memory().view.setUint32(limits + DQBLK.validAt, DQBLK.blockLimits, true);
    syscall("quotactl_fd", path, fd, Q_SETQUOTA, project, memory().addressOf(limits));
  });
}

function setProject(path: string, fd: number, project: number): void {
  const attributes = memory().reserve(FSXATTR.bytes);
  const address = memory().addressOf(attributes);
  syscall("ioctl", path, fd, FSGETXATTR, address);
  const flags = memory().view.getUint32(attributes + FSXATTR.flagsAt, true);
  memory().view.setUint32(attributes + FSXATTR.flagsAt, flags | XFLAG_PROJINHERIT, true);
  memory().view.setUint32(attributes + FSXATTR.projectAt, project, true);
  syscall("ioctl", path, fd, FSSETXATTR, address);
}

function withDirectory<T>(path: string, work: (fd: number) => T): T {
  const fd = openat(AT.FDCWD, path, O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}
