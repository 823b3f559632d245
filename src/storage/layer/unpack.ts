import { InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { TarSink } from "#base/tar-archive.ts";
import type { TarEntry } from "#base/tar-header.ts";
import { O, S } from "#kernel/ffi/constants.ts";
import * as at from "#kernel/files/at.ts";
import type { WhiteoutStyle } from "../types.ts";
import {
  emptyUnless,
  fileName,
  lstatBelow,
  makeDirectory,
  makeOpaque,
  removeBelow,
  removeUnless,
  withDirectory,
} from "./below.ts";
import { checkEntryCount, checkFileSize, type LayerBounds } from "./bounds.ts";
import {
  type Description,
  describeDirectory,
  describeFile,
  describeNode,
  makeNode,
  nanosOf,
  writeContents,
} from "./described.ts";
import { type LayerPath, type LayerStep, pathText, planLayerEntry } from "./entry.ts";
import { entryError, ownWayError } from "./entry-error.ts";
import { LayerRoot } from "./safe-path.ts";

export interface LayerWriterOptions {
  /** Existing directory that holds this layer alone, or with "delete" also the files of its parent. */
  readonly directory: string;
  readonly whiteouts: WhiteoutStyle;
  readonly bounds: LayerBounds;
}

const MAX_WARNINGS = 10;

/**
 * Writes the entries of one layer's tar as files. The directory must be private: nobody else changes it meanwhile.
 * @throws InvalidArgument `layer entry "name": reason`; what was written so far is of no use then
 */
export class LayerWriter implements TarSink, Disposable {
  readonly #root: LayerRoot;
  readonly #style: WhiteoutStyle;
  readonly #bounds: LayerBounds;
  /**
   * Real paths of directories made because something below needed them, and which no entry has described since: their
   * attributes come from the layers below, at commit. Some may have been replaced by files.
   */
  readonly implicitDirectories = new Set<string>([""]);
  /** Losses that are no reason to refuse the layer, one line each. */
  readonly warnings = new Set<string>();
  /** Bytes of regular files, holes not counted. */
  sizeBytes = 0;
  entries = 0;
  /** "delete" only: paths of this layer, which its own whiteouts leave alone. */
  readonly #written = new Set<string>();
  /** By real path. Set at the end: every file made in a directory changes its time. */
  readonly #directoryTimes = new Map<string, bigint>();
  #implicitMade = 0;
  #file: number | undefined;
  #entry: TarEntry | undefined;

  constructor({ directory, whiteouts, bounds }: LayerWriterOptions) {
    this.#style = whiteouts;
    this.#bounds = bounds;
    this.#root = new LayerRoot(directory, whiteouts, (path) => {
      this.implicitDirectories.add(path);
      this.#implicitMade += 1;
      checkEntryCount(bounds, this.entries, this.#implicitMade);
    });
  }

  entry(entry: TarEntry): void {
    this.#entry = entry;
    this.#guarded(() => {
      this.entries += 1;
      checkEntryCount(this.#bounds, this.entries, this.#implicitMade);
      this.#apply(planLayerEntry(entry), entry);
    });
  }

  data(chunk: Uint8Array, offset: number): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#guarded(() => writeContents(file, this.#entry!, chunk, offset));
    this.sizeBytes += chunk.byteLength;
  }

  end(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#guarded(() => describeFile(file, this.#description()));
    this.#closeFile();
  }

  /** To be called after the last entry. */
  finish(): void {
    // what was removed and made again since, for something below it, takes its time from the layers below
    for (const [path, nanos] of this.#directoryTimes)
      if (!this.implicitDirectories.has(path))
        this.#root.withRealDirectory(path, (fd) => at.utimensat(fd, ".", nanos, nanos));
  }

  [Symbol.dispose](): void {
    this.#closeFile();
    this.#root[Symbol.dispose]();
  }

  #apply(step: LayerStep, entry: TarEntry): void {
    switch (step.op) {
      case "skip":
        return;
      case "root":
        this.implicitDirectories.delete("");
        this.#describeDirectory("", this.#root.fd);
        return;
      case "whiteout":
        this.#hide(step.path);
        return;
      case "opaque":
        this.#hideAll(step.directory);
        return;
      case "link":
        this.#link(step.path, step.target);
        return;
      case "create":
        if (this.#style === "delete") this.#written.add(pathText(step.path));
        if (entry.type === "directory") this.#directory(step.path);
        else if (entry.type === "file") this.#openFile(step.path, entry);
        else this.#special(step.path, entry);
    }
  }

  #directory(path: LayerPath): void {
    if (makeDirectory(this.#root.directory(path.directory), path.name, this.#style) === "blocked") {
      this.#clear(path);
      makeDirectory(this.#root.directory(path.directory), path.name, this.#style);
    }
    const parent = this.#root.directory(path.directory);
    const realPath = this.#root.realPath(parent, path.name);
    this.implicitDirectories.delete(realPath);
    withDirectory(parent, path.name, (fd) => this.#describeDirectory(realPath, fd));
  }

  #describeDirectory(path: string, fd: number): void {
    describeDirectory(fd, this.#description());
    this.#directoryTimes.set(path, nanosOf(this.#entry!.mtime));
  }

  #openFile(path: LayerPath, entry: TarEntry): void {
    checkFileSize(this.#bounds, entry.sizeBytes);
    const flags = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW;
    this.#file = this.#make(path, (parent, name) => at.openat(parent, name, flags, 0o600));
    if (entry.sparse) at.ftruncate(this.#file, entry.sizeBytes);
  }

  #special(path: LayerPath, entry: TarEntry): void {
    this.#make(path, (parent, name) => makeNode(parent, name, entry));
    const parent = this.#root.directory(path.directory);
    const name = fileName(path.name);
    describeNode(parent, name, this.#description(), (mode) => at.fchmodat(parent, name, mode));
  }

  #link(path: LayerPath, target: LayerPath): void {
    if (pathText(path) === pathText(target)) throw new InvalidArgument("hard link to itself");
    if (this.#style === "delete") this.#written.add(pathText(path));
    this.#make(path, (parent, name) => {
      const from = this.#root.find(target.directory);
      const stat = from === undefined ? undefined : lstatBelow(from, target.name);
      if (from === undefined || !stat) throw linkError(target, "not in the layer");
      if (stat.isDirectory()) throw linkError(target, "a directory");
      at.linkat(from, fileName(target.name), parent, name);
    });
  }

  /** Runs `make`, once more after clearing the way when the name is taken. */
  #make<T>(path: LayerPath, make: (parent: number, name: at.FileName) => T): T {
    const name = fileName(path.name);
    try {
      return make(this.#root.directory(path.directory), name);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
    this.#clear(path);
    return make(this.#root.directory(path.directory), name);
  }

  /** Removes what has the name. @throws InvalidArgument when that was a link or directory which the name itself leads through */
  #clear(path: LayerPath): void {
    const parent = this.#root.directory(path.directory);
    const place = this.#root.realPath(parent, path.name);
    removeBelow(parent, path.name);
    this.#root.forget();
    const now = this.#root.find(path.directory);
    if (now === undefined || this.#root.realPath(now, path.name) !== place) throw ownWayError();
  }

  /** A whiteout hides what is below this layer, whatever order the archive has; files of the layer itself stay. */
  #hide(path: LayerPath): void {
    if (this.#style === "delete") {
      const parent = this.#root.find(path.directory);
      if (parent === undefined) return;
      removeUnless(parent, path.name, pathText(path), (kept) => this.#written.has(kept));
      this.#root.forget();
      return;
    }
    const parent = this.#root.directory(path.directory);
    const stat = lstatBelow(parent, path.name);
    if (!stat) at.mknodat(parent, fileName(path.name), S.IFCHR, at.makeDevice(0, 0));
    else if (stat.isDirectory()) withDirectory(parent, path.name, makeOpaque);
  }

  #hideAll(path: string): void {
    if (this.#style === "overlay") {
      makeOpaque(this.#root.directory(path));
      return;
    }
    const directory = this.#root.find(path);
    if (directory === undefined) return;
    emptyUnless(directory, path, (kept) => this.#written.has(kept));
    this.#root.forget();
  }

  #description(): Description {
    const entry = this.#entry!;
    const onLoss = (message: string) => {
      if (this.warnings.size < MAX_WARNINGS) this.warnings.add(message);
    };
    return { entry, owner: entry, onLoss };
  }

  #closeFile(): void {
    if (this.#file !== undefined) at.close(this.#file);
    this.#file = undefined;
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw entryError(this.#entry!.name, error);
    }
  }
}

function linkError(target: LayerPath, is: string): InvalidArgument {
  return new InvalidArgument(`hard link to ${JSON.stringify(pathText(target))}, which is ${is}`);
}
