import { InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { TAR_END } from "#base/tar-write.ts";
import { O } from "#kernel/ffi/constants.ts";
import { close, openat } from "#kernel/files/at.ts";
import { namesBelow } from "../layer/below.ts";
import { FileArchiver, type OpenFile, openFile } from "./archive-file.ts";
import type { FileIds } from "./ids.ts";
import { isKernelTree } from "./kernel-trees.ts";
import { joinShown } from "./paths.ts";

export interface TreeOptions {
  /** Name of the first entry; those below it begin with it. "" leaves the first entry out. */
  readonly shownName: string;
  /** Where other file systems are mounted, only the place of the mount is told. */
  readonly isOneFileSystem?: boolean;
  readonly ids?: FileIds | undefined;
}

/** PATH_MAX of Linux: longer names could not be unpacked again. */
const MAX_NAME_LENGTH = 4096;

/**
 * A file, or a directory and everything in it, as a whole tar archive. Names are in order, so that equal files give
 * equal archives. A file that goes while we read is left out.
 */
export function* archiveTree(top: OpenFile, options: TreeOptions): Generator<Uint8Array> {
  const archiver = new FileArchiver(options.ids);
  if (options.shownName !== "") yield* archiver.entry(top, options.shownName);
  if (top.stat.isDirectory()) yield* contentsOf(top, archiver, options);
  yield TAR_END;
}

/** A directory that is being read. Kept on a list of our own: a container can nest them deeper than calls may. */
interface Level {
  readonly fd: number;
  readonly device: bigint;
  /** Below the top. */
  readonly path: string;
  readonly names: string[];
}

function* contentsOf(top: OpenFile, archiver: FileArchiver, options: TreeOptions): Generator<Uint8Array> {
  const levels: Level[] = [];
  const enter = (file: OpenFile, path: string): void => {
    const level = openLevel(file, path);
    if (level) levels.push(level);
  };
  try {
    enter(top, "");
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      const name = level.names.pop();
      if (name === undefined) {
        close(level.fd);
        levels.pop();
        continue;
      }
      const path = level.path === "" ? name : `${level.path}/${name}`;
      if (path.length > MAX_NAME_LENGTH)
        throw new InvalidArgument(
          `cannot archive ${JSON.stringify(path.slice(0, 100))}…: its name is too long`,
        );
      const file = openIfThere(level.fd, name);
      if (!file) continue;
      try {
        yield* archiver.entry(file, options.shownName === "" ? path : joinShown(options.shownName, path));
        if (file.stat.isDirectory() && isEntered(file, level, path, options)) enter(file, path);
      } finally {
        close(file.fd);
      }
    }
  } finally {
    for (const { fd } of levels) close(fd);
  }
}

function openLevel(directory: OpenFile, path: string): Level | undefined {
  try {
    const fd = openat(directory.fd, ".", O.RDONLY | O.DIRECTORY);
    const names = namesBelow(fd).sort().reverse();
    return { fd, device: directory.stat.dev, path, names };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function openIfThere(directoryFd: number, name: string): OpenFile | undefined {
  try {
    return openFile(directoryFd, name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Mounted volumes are the container's files too; what the kernel shows is not, nor the devices the runtime made. */
function isEntered(file: OpenFile, { device }: Level, path: string, options: TreeOptions): boolean {
  if (file.stat.dev === device) return true;
  if (options.isOneFileSystem || isKernelTree(file.fd)) return false;
  const isRoot = options.shownName === "/" || options.shownName === ".";
  return !(isRoot && path === "dev");
}
