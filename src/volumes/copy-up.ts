import { constants, readdirSync } from "node:fs";
import { isErrno } from "#base/fs.ts";
import type { Files } from "#kernel/types.ts";

export interface CopyUpDeps {
  readonly files: Pick<Files, "openDirectory" | "openInRoot" | "close">;
  /** Copies what one directory holds, and its owner and mode, into another that exists; never follows a link. */
  readonly copyTree: (from: string, to: string) => void | Promise<void>;
}

export interface CopyUpRequest {
  /** The container's root on the host, with nothing mounted over it yet. */
  readonly root: string;
  /** Where the volume goes, in the container. */
  readonly path: string;
  /** The volume's. */
  readonly directory: string;
}

/**
 * Fills an empty volume with what the image has at its place, so that first use sees the image's files and their owners.
 * The place is found below the container's root, where an image's links cannot lead out of it; where the image has no
 * directory there, the volume stays empty.
 */
export async function copyUp({ files, copyTree }: CopyUpDeps, request: CopyUpRequest): Promise<void> {
  if (readdirSync(request.directory).length > 0) return;
  const fd = openDirectoryInRoot(files, request);
  if (fd === undefined) return;
  try {
    // That very directory, whatever its name means meanwhile; by our pid, so that a helper process finds it too.
    await copyTree(`/proc/${process.pid}/fd/${fd}/.`, request.directory);
  } finally {
    files.close(fd);
  }
}

function openDirectoryInRoot(files: CopyUpDeps["files"], { root, path }: CopyUpRequest): number | undefined {
  const rootFd = files.openDirectory(root);
  try {
    return files.openInRoot(rootFd, path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR") || isErrno(error, "ELOOP")) return undefined;
    throw error;
  } finally {
    files.close(rootFd);
  }
}
