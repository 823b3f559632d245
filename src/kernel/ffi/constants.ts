import { constants } from "node:fs";

/** open(2) flags of this architecture: O_DIRECTORY and O_NOFOLLOW differ between x86-64 and aarch64. */
export const O = {
  RDONLY: constants.O_RDONLY,
  WRONLY: constants.O_WRONLY,
  RDWR: constants.O_RDWR,
  CREAT: constants.O_CREAT,
  EXCL: constants.O_EXCL,
  TRUNC: constants.O_TRUNC,
  APPEND: constants.O_APPEND,
  NONBLOCK: constants.O_NONBLOCK,
  DIRECTORY: constants.O_DIRECTORY,
  NOFOLLOW: constants.O_NOFOLLOW,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
  TMPFILE: 0o20000000 | constants.O_DIRECTORY,
} as const;

/** The *at() calls: include/uapi/linux/fcntl.h. */
export const AT = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  NO_AUTOMOUNT: 0x800,
  EMPTY_PATH: 0x1000,
  RECURSIVE: 0x8000,
} as const;

/** openat2(2): include/uapi/linux/openat2.h. */
export const RESOLVE = {
  NO_XDEV: 0x01,
  NO_MAGICLINKS: 0x02,
  NO_SYMLINKS: 0x04,
  BENEATH: 0x08,
  IN_ROOT: 0x10,
} as const;

/** renameat2(2). */
export const RENAME = { NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4 } as const;

/** fallocate(2). */
export const FALLOC = { KEEP_SIZE: 1, PUNCH_HOLE: 2 } as const;

/** Type bits of a mode: include/uapi/linux/stat.h. */
export const S = { IFIFO: 0o010000, IFCHR: 0o020000, IFBLK: 0o060000, IFREG: 0o100000 } as const;

/** mount(2): include/uapi/linux/mount.h. */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 0x10,
  REMOUNT: 0x20,
  MANDLOCK: 0x40,
  DIRSYNC: 0x80,
  NOATIME: 0x400,
  NODIRATIME: 0x800,
  BIND: 0x1000,
  REC: 0x4000,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
} as const;

/** umount2(2). */
export const UMOUNT = { DETACH: 2, NOFOLLOW: 8 } as const;

/** The new mount API: include/uapi/linux/mount.h. */
export const OPEN_TREE = { CLONE: 1, CLOEXEC: O.CLOEXEC } as const;
export const FSOPEN_CLOEXEC = 1;
export const FSMOUNT_CLOEXEC = 1;
export const FSCONFIG = { SET_FLAG: 0, SET_STRING: 1, CMD_CREATE: 6 } as const;
export const MOVE_MOUNT_F_EMPTY_PATH = 4;
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
export const MOUNT_ATTR_RDONLY = 1;
export const MOUNT_ATTR_IDMAP = 0x00100000;

export const CLONE_NEWNET = 0x40000000;
export const CLONE_NEWNS = 0x00020000;

/** Sockets: include/linux/socket.h, include/uapi/asm-generic/socket.h. */
export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: O.NONBLOCK, CLOEXEC: O.CLOEXEC } as const;
export const IPPROTO = { TCP: 6, UDP: 17, IPV6: 41, SCTP: 132 } as const;
export const SOL_SOCKET = 1;
export const SO = { REUSEADDR: 2, ERROR: 4, RCVBUFFORCE: 33, SNDBUFFORCE: 32 } as const;
export const IPV6_V6ONLY = 26;
export const MSG = { DONTWAIT: 0x40, TRUNC: 0x20, NOSIGNAL: 0x4000 } as const;
export const SCM_RIGHTS = 1;

/** memfd_create(2) and its seals. */
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, EXEC: 0x10 } as const;
export const F_ADD_SEALS = 1033;
export const F_SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8 } as const;

/** `f_type` of statfs(2): include/uapi/linux/magic.h. */
export const FS_MAGIC = { NSFS: 0x6e736673 } as const;

/** statx(2): set in stx_attributes when the path is the root of a mount (Linux 5.8 on). */
export const STATX_ATTR_MOUNT_ROOT = 0x2000;
