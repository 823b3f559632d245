import { fstatSync, readSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { O } from "#kernel/ffi/constants.ts";
import type { Files } from "#kernel/types.ts";
import type { AccountFiles } from "./spec/types.ts";

/** Far above real files; an image must not make the daemon read without end. */
const MAX_BYTES = 4 << 20;

/**
 * Reads the account files of a mounted root. They belong to the image: a link is followed only below the root, and
 * what is no regular file (a FIFO would block us for ever) counts as absent.
 * @param rootfs absolute
 */
export function readAccounts(
  files: Pick<Files, "openDirectory" | "openInRoot" | "close">,
  rootfs: string,
): AccountFiles {
  const root = files.openDirectory(rootfs);
  try {
    return { passwd: readBelow(files, root, "etc/passwd"), group: readBelow(files, root, "etc/group") };
  } finally {
    files.close(root);
  }
}

function readBelow(
  files: Pick<Files, "openInRoot" | "close">,
  root: number,
  path: string,
): string | undefined {
  let fd: number;
  try {
    fd = files.openInRoot(root, path, O.RDONLY | O.NONBLOCK);
  } catch (error) {
    if (ABSENT.some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    if (stat.size > MAX_BYTES)
      throw new InvalidArgument(`the image's /${path} has ${stat.size} bytes; at most ${MAX_BYTES} are read`);
    const bytes = Buffer.alloc(stat.size);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    files.close(fd);
  }
}

/** A path that leads nowhere below the root, for whatever reason. */
const ABSENT = ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EXDEV"];
