import { fstatSync, readlinkSync, statSync } from "node:fs";
import { posix } from "node:path";
import { InvalidArgument, NotFound, Unavailable } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { decodeRaw } from "#base/raw-text.ts";
import { AT, O, RESOLVE } from "#kernel/ffi/constants.ts";
import { close, openat, openat2 } from "#kernel/files/at.ts";
import { fileName } from "../layer/below.ts";
import { type OpenFile, openFile } from "./archive-file.ts";
import { isKernelTree } from "./kernel-trees.ts";
import { parseAskedPath } from "./paths.ts";
import type { FileView } from "./types.ts";

/** A file that was found: whatever its path means later, the descriptors are of this one. */
export interface FoundFile extends OpenFile {
  readonly shownName: string;
}

/** As many links as the kernel itself follows. */
const MAX_LINKS = 40;

/** The root of a view. Whatever is opened here is below it, wherever links point. Descriptors live as long as the process. */
export class ViewRoot {
  readonly fd: number;
  /** As the kernel names it, to be taken off the names of files below it. */
  readonly #prefix: string;

  constructor(view: Pick<FileView, "root" | "sameAs">) {
    this.fd = openRoot(view.root);
    if (view.sameAs !== undefined && !isSame(this.fd, view.sameAs)) {
      close(this.fd);
      throw new Unavailable("the root is another's");
    }
    const name = realName(this.fd);
    this.#prefix = name === "/" ? "" : name;
  }

  /** @throws NotFound; InvalidArgument when something on the way is no directory */
  find(path: string): FoundFile {
    const { directory, name, shownName } = parseAskedPath(path);
    const parent = this.open(directory, O.PATH | O.DIRECTORY);
    const file =
      name === ""
        ? { fd: parent, parentFd: parent, name: ".", stat: fstatSync(parent, { bigint: true }) }
        : atPath(path, () => openFile(parent, name));
    if (isKernelTree(file.fd)) throw new NotFound("it belongs to a file system of the kernel");
    return { ...file, shownName };
  }

  /** Where a directory really is, absolute in the view. @throws NotFound; InvalidArgument when it is none */
  realDirectory(path: string): string {
    const fd = this.open(path, O.PATH);
    try {
      if (isKernelTree(fd)) throw new NotFound("it belongs to a file system of the kernel");
      if (!fstatSync(fd).isDirectory()) throw new InvalidArgument("extraction point is not a directory");
      return this.#pathOf(fd);
    } finally {
      close(fd);
    }
  }

  /** Opens a path, links followed inside of the root. */
  open(path: string, flags: number): number {
    return atPath(path, () =>
      openat2(this.fd, fileName(path), flags, 0, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS),
    );
  }

  /** Where a link leads in the end, as an absolute path of the view. What it leads to need not be there. */
  linkTarget(path: string): string {
    let target = posix.resolve("/", path);
    for (let links = 0; links < MAX_LINKS; links++) {
      const parent = this.#nearest(posix.dirname(target));
      const text = parent.rest === "" ? linkText(parent.fd, posix.basename(target)) : undefined;
      const directory = posix.join(this.#pathOf(parent.fd), parent.rest);
      close(parent.fd);
      if (text === undefined) return posix.join(directory, posix.basename(target));
      target = posix.resolve(directory, text);
    }
    throw new InvalidArgument(`too many links at ${path}`);
  }

  /** The deepest directory there is on the way, and what of the path is left. */
  #nearest(directory: string): { readonly fd: number; readonly rest: string } {
    let there = directory;
    for (let rest = ""; ; rest = posix.join(posix.basename(there), rest), there = posix.dirname(there)) {
      try {
        return { fd: this.open(there, O.PATH | O.DIRECTORY), rest };
      } catch (error) {
        if (there === "/") throw error;
      }
    }
  }

  #pathOf(fd: number): string {
    return realName(fd).slice(this.#prefix.length) || "/";
  }
}

function openRoot(path: string): number {
  try {
    return openat(AT.FDCWD, path, O.PATH | O.DIRECTORY);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH"))
      throw new Unavailable("the root has gone", { cause: error });
    throw error;
  }
}

function isSame(fd: number, path: string): boolean {
  const [own, other] = [
    fstatSync(fd, { bigint: true }),
    statSync(path, { bigint: true, throwIfNoEntry: false }),
  ];
  return own.dev === other?.dev && own.ino === other.ino;
}

function realName(fd: number): string {
  return decodeRaw(readlinkSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }));
}

/** @returns undefined for what is no link, or not there */
function linkText(directoryFd: number, name: string): string | undefined {
  if (name === "") return undefined;
  try {
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${directoryFd}/`), Buffer.from(name)]);
    return decodeRaw(readlinkSync(path, { encoding: "buffer" }));
  } catch (error) {
    if (isErrno(error, "EINVAL") || isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function atPath<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isErrno(error, "ENOENT")) throw new NotFound(`${path}: no such file or directory`, { cause: error });
    if (isErrno(error, "ENOTDIR")) throw new InvalidArgument(`${path}: not a directory`, { cause: error });
    if (isErrno(error, "ELOOP")) throw new InvalidArgument(`${path}: too many links`, { cause: error });
    if (isErrno(error, "ENAMETOOLONG")) throw new InvalidArgument(`${path}: name too long`, { cause: error });
    throw error;
  }
}
