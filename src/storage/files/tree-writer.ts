import { fstatSync } from "node:fs";
import { Internal, InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { TarSink } from "#base/tar-archive.ts";
import type { TarEntry } from "#base/tar-header.ts";
import { AT, O, RESOLVE } from "#kernel/ffi/constants.ts";
import * as at from "#kernel/files/at.ts";
import { fileName, lstatBelow, withDirectory } from "../layer/below.ts";
import {
  type Description,
  describeDirectory,
  describeFile,
  describeNode,
  makeNode,
  nanosOf,
  writeContents,
} from "../layer/described.ts";
import { type LayerPath, pathText, splitPath } from "../layer/entry.ts";
import { type FileIds, hostId } from "./ids.ts";
import { removeInPlace } from "./remove-in-place.ts";
import type { WriteOptions } from "./types.ts";

/**
 * Writes the entries of an archive into a tree that others change meanwhile, and may change to lead us astray: each
 * directory is found anew below the root, each file is made and described by descriptor, nothing is changed by a name
 * that could be a link by now (reference attacks 15, 20 and 21).
 */
export class TreeWriter implements TarSink, Disposable {
  readonly #rootFd: number;
  /** Of the place in the view that the archive goes to: "" or ends in "/". */
  readonly #prefix: string;
  readonly #options: WriteOptions;
  readonly #ids: FileIds | undefined;
  #directory: { readonly path: string; readonly fd: number } | undefined;
  #file: number | undefined;
  #entry: TarEntry | undefined;
  /** Set at the end: every file made in a directory changes its time. */
  readonly #directoryTimes = new Map<string, bigint>();

  /** @param directory in the view, links resolved: absolute */
  constructor(rootFd: number, directory: string, options: WriteOptions, ids?: FileIds) {
    this.#rootFd = rootFd;
    this.#prefix = directory === "/" ? "/" : `${directory}/`;
    this.#options = options;
    this.#ids = ids;
  }

  entry(entry: TarEntry): void {
    this.#entry = entry;
    this.#guarded(() => {
      const path = entryPath(entry.name, "name");
      if (!path) return; // the directory itself, which is there
      switch (entry.type) {
        case "directory":
          return this.#makeDirectory(path, entry);
        case "file":
          return this.#makeFile(path, entry);
        case "hardlink":
          return this.#makeLink(path, entry.linkName);
        case "other":
          throw new InvalidArgument(`unknown entry type ${JSON.stringify(entry.typeFlag)}`);
        default:
          return this.#makeSpecial(path, entry);
      }
    });
  }

  data(chunk: Uint8Array, offset: number): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#guarded(() => writeContents(file, this.#entry!, chunk, offset));
  }

  end(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#guarded(() => describeFile(file, this.#description()));
    this.#closeFile();
  }

  /** To be called after the last entry. */
  finish(): void {
    for (const [path, nanos] of this.#directoryTimes)
      withDirectory(this.#parent(splitPath(path)!.directory), splitPath(path)!.name, (fd) =>
        at.utimensat(fd, ".", nanos, nanos),
      );
  }

  [Symbol.dispose](): void {
    this.#closeFile();
    this.#forget();
  }

  #makeDirectory(path: LayerPath, entry: TarEntry): void {
    const name = fileName(path.name);
    try {
      at.mkdirat(this.#parent(path.directory), name, 0o700);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      const there = lstatBelow(this.#parent(path.directory), path.name);
      if (there && !there.isDirectory()) {
        this.#clear(this.#parent(path.directory), path, "directory");
        at.mkdirat(this.#parent(path.directory), name, 0o700);
      }
    }
    withDirectory(this.#parent(path.directory), path.name, (fd) =>
      describeDirectory(fd, this.#description()),
    );
    this.#directoryTimes.set(pathText(path), nanosOf(entry.mtime));
  }

  #makeFile(path: LayerPath, entry: TarEntry): void {
    const flags = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW;
    this.#file = this.#make(path, (parent, name) => at.openat(parent, name, flags, 0o600), openMountedFile);
    if (entry.sparse) at.ftruncate(this.#file, entry.sizeBytes);
  }

  #makeSpecial(path: LayerPath, entry: TarEntry): void {
    this.#make(path, (parent, name) => {
      makeNode(parent, name, entry);
      this.#describeNode(parent, path.name, entry);
    });
  }

  #makeLink(path: LayerPath, linkName: string): void {
    const target = entryPath(linkName, "link target");
    if (!target || pathText(target) === pathText(path)) throw new InvalidArgument("hard link to itself");
    this.#make(path, (parent, name) => {
      const from = this.#open(target.directory);
      try {
        at.linkat(from, fileName(target.name), parent, name);
      } finally {
        at.close(from);
      }
    });
  }

  /** Only what we made: should the name be another file by now, its own descriptor tells. */
  #describeNode(parent: number, name: string, entry: TarEntry): void {
    const fd = at.openat(parent, fileName(name), O.PATH | O.NOFOLLOW);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (stat.isSymbolicLink() !== (entry.type === "symlink"))
        throw new InvalidArgument("it was replaced while it was made");
      const byDescriptor = (mode: number) => at.fchmodat(AT.FDCWD, `/proc/self/fd/${fd}`, mode);
      describeNode(parent, fileName(name), this.#description(), byDescriptor);
    } finally {
      at.close(fd);
    }
  }

  /**
   * Runs `make`, once more after clearing the way when the name is taken.
   * @param instead what else to do where the way cannot be cleared, because something is mounted there
   */
  #make<T>(
    path: LayerPath,
    make: (parent: number, name: at.FileName) => T,
    instead?: (parent: number, name: at.FileName) => T,
  ): T {
    const name = fileName(path.name);
    const parent = this.#parent(path.directory);
    try {
      return make(parent, name);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
    try {
      this.#clear(parent, path, "non-directory");
    } catch (error) {
      if (!instead || !isErrno(error, "EBUSY")) throw error;
      return instead(parent, name);
    }
    return make(this.#parent(path.directory), name);
  }

  #clear(parent: number, path: LayerPath, replacement: "directory" | "non-directory"): void {
    const isDirectory = lstatBelow(parent, path.name)?.isDirectory() ?? false;
    if (this.#options.noOverwriteDirNonDir && isDirectory !== (replacement === "directory")) {
      const is = isDirectory ? "directory" : "non-directory";
      throw new InvalidArgument(
        `cannot overwrite ${is} "${this.#prefix}${pathText(path)}" with ${replacement} "${this.#prefix.slice(0, -1) || "/"}"`,
      );
    }
    removeInPlace(parent, path.name);
    this.#forget();
  }

  /** The directory an entry goes to, made with its parents where missing. Valid until the next call. */
  #parent(path: string): number {
    if (this.#directory?.path === path) return this.#directory.fd;
    const fd = this.#openOrMake(path);
    this.#forget();
    this.#directory = { path, fd };
    return fd;
  }

  #openOrMake(path: string): number {
    try {
      return this.#open(path);
    } catch (error) {
      if (!isErrno(error, "ENOENT") || path === "") throw error;
    }
    const { directory, name } = splitPath(path)!;
    const parent = this.#openOrMake(directory);
    try {
      at.mkdirat(parent, fileName(name), 0o755);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    } finally {
      at.close(parent);
    }
    return this.#open(path);
  }

  #open(path: string): number {
    const flags = O.PATH | O.DIRECTORY;
    const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS;
    return at.openat2(this.#rootFd, fileName(this.#prefix + path), flags, 0, resolve);
  }

  #description(): Description {
    const entry = this.#entry!;
    const { uid, gid } = this.#options.owner ?? entry;
    return { entry, owner: { uid: hostId(this.#ids?.uids, uid), gid: hostId(this.#ids?.gids, gid) } };
  }

  #forget(): void {
    if (this.#directory) at.close(this.#directory.fd);
    this.#directory = undefined;
  }

  #closeFile(): void {
    if (this.#file !== undefined) at.close(this.#file);
    this.#file = undefined;
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (isErrno(error, "EROFS")) throw error;
      throw archiveError(this.#entry!.name, error);
    }
  }
}

/** The host's trouble is the host's; everything else the kernel refuses is the archive's or the container's doing. */
function archiveError(name: string, error: unknown): Error {
  const message = `archive entry ${JSON.stringify(name.slice(0, 200))}: ${messageOf(error)}`;
  const isHosts = HOST_TROUBLE.some((code) => isErrno(error, code));
  return isHosts ? new Internal(message, { cause: error }) : new InvalidArgument(message, { cause: error });
}

const HOST_TROUBLE = ["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "ENOMEM"];

/** A file that is mounted from elsewhere cannot be replaced, only filled anew. */
function openMountedFile(parent: number, name: at.FileName): number {
  const fd = at.openat(parent, name, O.WRONLY | O.NOFOLLOW | O.NONBLOCK);
  if (fstatSync(fd).isFile()) {
    at.ftruncate(fd, 0);
    return fd;
  }
  at.close(fd);
  throw new InvalidArgument("something is mounted there");
}

/** As in a layer: ".." is what only an attack needs. */
function entryPath(text: string, what: string): LayerPath | undefined {
  if (text.length > MAX_NAME_LENGTH) throw new InvalidArgument(`${what} of ${text.length} characters`);
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new InvalidArgument(`${what} leaves the directory: ".." is not allowed`);
  return splitPath(parts.join("/"));
}

/** PATH_MAX of Linux. */
const MAX_NAME_LENGTH = 4096;
