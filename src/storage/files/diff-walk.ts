/** What changed between a container's files and those it began with, in the order of names. */
import type { BigIntStats } from "node:fs";
import { isErrno } from "#base/fs.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import { close, openat } from "#kernel/files/at.ts";
import { getXattr } from "#kernel/files/xattr.ts";
import { fileName, isWhiteout, lstatBelow, namesBelow, OPAQUE_XATTR, procPath } from "../layer/below.ts";
import type { DiffSource } from "../types.ts";
import { linkTextOf, type OpenFile, openFile } from "./archive-file.ts";
import type { FileChange } from "./types.ts";

export interface DiffEntry {
  readonly change: FileChange;
  /** What is there now; undefined for what was deleted. Valid until the next entry is asked for. */
  readonly file: OpenFile | undefined;
  /** A directory that hides what lower layers have in it. */
  readonly isOpaque: boolean;
}

/** A directory that is being compared. */
interface Level {
  readonly path: string;
  readonly fd: number;
  /** The same directory in what was before, nearest layer first. */
  readonly before: readonly number[];
  readonly names: string[];
  /** The directory's own entry, told before the first of those in it; undefined once it has been. */
  pending: DiffEntry | undefined;
  readonly isOpaque: boolean;
}

/**
 * @param isMountPoint whether a path is a place made for a mount, which is no change while it is empty
 */
export function* walkDiff(source: DiffSource, isMountPoint: (path: string) => boolean): Generator<DiffEntry> {
  using walk = new DiffWalk(source, isMountPoint);
  yield* walk.entries();
}

/** What fuse-overlayfs leaves in a directory that hides those below. */
const OPAQUE_MARK_FILE = ".wh..wh..opq";

class DiffWalk implements Disposable {
  readonly #isMountPoint: (path: string) => boolean;
  /** Only what changed is there, so that everything there has changed. */
  readonly #isUpper: boolean;
  readonly #hasMarkFiles: boolean;
  readonly #levels: Level[] = [];
  readonly #opened = new Set<number>();

  constructor(source: DiffSource, isMountPoint: (path: string) => boolean) {
    this.#isMountPoint = isMountPoint;
    this.#isUpper = source.kind === "upper";
    this.#hasMarkFiles = source.kind === "upper" && source.hasMarkFiles === true;
    const [now, before] =
      source.kind === "upper" ? [source.upper, source.lower] : [source.after, listOf(source.before)];
    const open = (path: string) => this.#keep(openat(AT.FDCWD, path, O.RDONLY | O.DIRECTORY));
    this.#push({ path: "", fd: open(now), before: before.map(open), pending: undefined, isOpaque: false });
  }

  *entries(): Generator<DiffEntry> {
    for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
      const name = level.names.pop();
      if (name === undefined) this.#leave(level);
      else yield* this.#compare(level, name);
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#opened) close(fd);
    this.#opened.clear();
  }

  *#compare(level: Level, name: string): Generator<DiffEntry> {
    const path = `${level.path}/${name}`;
    const before = statIn(level.before, name);
    const file = this.#openIfThere(level.fd, name);
    if (!file || (this.#isUpper && isWhiteout(file.stat))) {
      this.#release(file?.fd);
      if (before) yield* this.#tell({ change: { path, kind: "deleted" }, file: undefined, isOpaque: false });
      return;
    }
    const isOpaque = this.#isUpper && file.stat.isDirectory() && hasOpaqueMark(file);
    const kind = before ? "modified" : "added";
    const entry: DiffEntry = { change: { path, kind }, file, isOpaque };
    const isKnownChange = this.#isChange(level, entry, before);
    if (isKnownChange) yield* this.#tell(entry);
    if (file.stat.isDirectory()) this.#enter(level, entry, isKnownChange);
    else this.#release(file.fd);
  }

  /** A directory counts for what changed in it even when only that made it be copied up. */
  #isChange(level: Level, { change, file, isOpaque }: DiffEntry, before: BigIntStats | undefined): boolean {
    const { stat } = file!;
    if (this.#isMountPoint(change.path) && (stat.isDirectory() || stat.size === 0n)) return false;
    if (!before || isOpaque || before.isDirectory() !== stat.isDirectory()) return true;
    if (!hasSameRights(before, stat)) return true;
    if (stat.isDirectory()) return false;
    return this.#isUpper || !this.#hasSameContents(level, file!, before);
  }

  #hasSameContents({ before: directories }: Level, file: OpenFile, before: BigIntStats): boolean {
    const { stat, parentFd, name } = file;
    if (before.rdev !== stat.rdev || before.size !== stat.size) return false;
    if (!stat.isSymbolicLink()) return before.mtimeNs === stat.mtimeNs;
    return linkTextOf(directories[0]!, name) === linkTextOf(parentFd, name);
  }

  /** First the directories it is in, which have been copied up for it. */
  *#tell(entry: DiffEntry): Generator<DiffEntry> {
    for (const level of this.#levels) {
      const { pending } = level;
      if (!pending) continue;
      yield pending;
      this.#release(pending.file?.fd);
      level.pending = undefined;
    }
    yield entry;
  }

  #enter(parent: Level, entry: DiffEntry, isTold: boolean): void {
    const { fd: pathFd, name } = entry.file!;
    const fd = this.#keep(openat(pathFd, ".", O.RDONLY | O.DIRECTORY));
    const before = entry.isOpaque ? [] : this.#directoriesIn(parent.before, name);
    const pending = isTold ? undefined : entry;
    if (isTold) this.#release(pathFd);
    this.#push({ path: entry.change.path, fd, before, pending, isOpaque: entry.isOpaque });
  }

  #push(level: Omit<Level, "names">): void {
    const names = new Set(namesBelow(level.fd));
    if (this.#hasMarkFiles) names.delete(OPAQUE_MARK_FILE); // beside the attribute, which says the same
    if (!this.#isUpper) for (const fd of level.before) for (const name of namesBelow(fd)) names.add(name);
    this.#levels.push({ ...level, names: [...names].sort().reverse() });
  }

  #leave(level: Level): void {
    this.#levels.pop();
    this.#release(level.pending?.file?.fd);
    this.#release(level.fd);
    for (const fd of level.before) this.#release(fd);
  }

  /** The directory as the layers below show it together: down to one that hides the rest. */
  #directoriesIn(layers: readonly number[], name: string): number[] {
    const found: number[] = [];
    for (const layer of layers) {
      const stat = lstatBelow(layer, name);
      if (!stat) continue;
      if (!stat.isDirectory()) break;
      const fd = this.#keep(openat(layer, fileName(name), O.RDONLY | O.DIRECTORY | O.NOFOLLOW));
      found.push(fd);
      if (getXattr(procPath(layer, name), OPAQUE_XATTR) !== undefined) break;
    }
    return found;
  }

  #openIfThere(directoryFd: number, name: string): OpenFile | undefined {
    try {
      const file = openFile(directoryFd, name);
      this.#keep(file.fd);
      return file;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  #keep(fd: number): number {
    this.#opened.add(fd);
    return fd;
  }

  #release(fd: number | undefined): void {
    if (fd !== undefined && this.#opened.delete(fd)) close(fd);
  }
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function statIn(layers: readonly number[], name: string): BigIntStats | undefined {
  for (const layer of layers) {
    const stat = lstatBelow(layer, name);
    if (stat) return isWhiteout(stat) ? undefined : stat;
  }
  return undefined;
}

function hasOpaqueMark({ parentFd, name }: OpenFile): boolean {
  return getXattr(procPath(parentFd, name), OPAQUE_XATTR) !== undefined;
}

function hasSameRights(a: BigIntStats, b: BigIntStats): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
