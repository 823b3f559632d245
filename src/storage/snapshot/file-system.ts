/** Names Docker gives file systems in `docker info`, by `f_type` of statfs(2). @see include/uapi/linux/magic.h */
export function fileSystemName(type: number): string {
  return NAMES[type >>> 0] ?? `0x${(type >>> 0).toString(16)}`;
}

const NAMES: Readonly<Record<number, string>> = {
  61267: "extfs",
  1481003842: "xfs",
  2435016766: "btrfs",
  16914836: "tmpfs",
  801189825: "zfs",
  2035054128: "overlayfs",
  4076150800: "f2fs",
  26985: "nfs",
  1702057286: "fuse",
};
