import { readlinkSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { decodeRaw } from "#base/raw-text.ts";
import { AT, O, RESOLVE } from "#kernel/ffi/constants.ts";
import { close, openat, openat2 } from "#kernel/files/at.ts";
import type { WhiteoutStyle } from "../types.ts";
import { fileName, makeDirectory } from "./below.ts";
import { splitPath } from "./entry.ts";

/** Enough that archives, which go directory by directory, find the parents of a few levels open. */
const MAX_OPEN_DIRECTORIES = 64;

/**
 * The directory a layer is unpacked into. Directories below it are found by openat2(RESOLVE_IN_ROOT): links on the way
 * are followed, but "/", ".." and /proc links lead nowhere outside (reference attacks 20 and 21).
 */
export class LayerRoot implements Disposable {
  readonly fd: number;
  readonly #style: WhiteoutStyle;
  readonly #onImplicit: (path: string) => void;
  readonly #realPath: string;
  /** Descriptors by path, oldest first. */
  readonly #open = new Map<string, number>();

  /** @param onImplicit told the real path of each directory made because something below needed it */
  constructor(directory: string, style: WhiteoutStyle, onImplicit: (path: string) => void) {
    this.fd = openat(AT.FDCWD, directory, O.PATH | O.DIRECTORY | O.NOFOLLOW);
    this.#style = style;
    this.#onImplicit = onImplicit;
    this.#realPath = readlinkSync(`/proc/self/fd/${this.fd}`);
  }

  /**
   * A descriptor (O_PATH) of the directory, made with its parents where missing. It belongs to this object and lives
   * at least until two others have been asked for.
   * @throws InvalidArgument when something on the way is no directory
   */
  directory(path: string): number {
    return this.find(path) ?? this.#make(path);
  }

  /** As `directory`, but undefined where there is none. */
  find(path: string): number | undefined {
    if (path === "") return this.fd;
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    try {
      const flags = O.PATH | O.DIRECTORY;
      const fd = openat2(this.fd, fileName(path), flags, 0, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS);
      this.#remember(path, fd);
      return fd;
    } catch (error) {
      if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
      throw error;
    }
  }

  /** To be called when a directory or a link has gone: descriptors of what it led to are no longer right. */
  forget(): void {
    for (const fd of this.#open.values()) close(fd);
    this.#open.clear();
  }

  /** Where below the root a directory really is, links resolved. */
  realPath(directoryFd: number, name: string): string {
    const directory = decodeRaw(readlinkSync(`/proc/self/fd/${directoryFd}`, { encoding: "buffer" }));
    return `${directory}/${name}`.slice(this.#realPath.length + 1);
  }

  /** Opens the directory at a real path for a moment; nothing happens where there is none, or a link in its place. */
  withRealDirectory(path: string, work: (fd: number) => void): void {
    let fd: number;
    try {
      const resolve = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS;
      fd = openat2(this.fd, path === "" ? "." : fileName(path), O.PATH | O.DIRECTORY, 0, resolve);
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].some((code) => isErrno(error, code))) return;
      throw error;
    }
    try {
      work(fd);
    } finally {
      close(fd);
    }
  }

  [Symbol.dispose](): void {
    this.forget();
    close(this.fd);
  }

  #make(path: string): number {
    const { directory, name } = splitPath(path)!;
    const parent = this.directory(directory);
    if (makeDirectory(parent, name, this.#style) !== "made")
      throw new InvalidArgument(`${JSON.stringify(path)} is not a directory`);
    this.#onImplicit(this.realPath(parent, name));
    return this.directory(path);
  }

  #remember(path: string, fd: number): void {
    this.#open.set(path, fd);
    if (this.#open.size <= MAX_OPEN_DIRECTORIES) return;
    const [oldest, oldestFd] = this.#open.entries().next().value!;
    this.#open.delete(oldest);
    close(oldestFd);
  }
}
