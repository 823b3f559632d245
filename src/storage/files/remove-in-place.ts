import { AT } from "#kernel/ffi/constants.ts";
import { Errno, SysError } from "#kernel/ffi/errno.ts";
import { unlinkat } from "#kernel/files/at.ts";
import { fileName, lstatBelow, namesBelow, withDirectory } from "../layer/below.ts";

/**
 * Removes a file, or a directory with what it holds, from a tree that is in use. What is mounted there belongs to
 * somebody else: nothing of it is touched.
 * @throws SysError EBUSY where something is mounted
 */
export function removeInPlace(parentFd: number, name: string): void {
  const stat = lstatBelow(parentFd, name);
  if (!stat) return;
  if (!stat.isDirectory()) {
    unlinkat(parentFd, fileName(name));
    return;
  }
  const parent = lstatBelow(parentFd, ".")!;
  if (stat.dev !== parent.dev) throw new SysError("unlinkat", Errno.EBUSY, name);
  withDirectory(parentFd, name, (fd) => {
    for (const inner of namesBelow(fd)) removeInPlace(fd, inner);
  });
  unlinkat(parentFd, fileName(name), AT.REMOVEDIR);
}
