/** A layer's files as a tree in memory: what unpacking would have made, without the files. */
import { InvalidArgument } from "#base/errors.ts";
import { encodeRaw } from "#base/raw-text.ts";
import type { SparseRun, TarTime } from "#base/tar-header.ts";

/** Type bits of a mode. */
export const TYPE = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const;

/** One inode. Hard links are several names of one object. */
export interface LayerNode {
  /** One of `TYPE`. */
  readonly type: number;
  /** Without the type. */
  mode: number;
  uid: number;
  gid: number;
  mtime: TarTime;
  /** Changed in place by a second entry for the same directory. */
  xattrs: Map<string, Uint8Array>;
  /** Directories only. */
  readonly children?: Map<string, LayerNode>;
  /** Directories: which one this is in; the root is in itself. */
  readonly parent?: LayerNode;
  /** Directories: hides what lower layers have in it. */
  opaque?: boolean;
  /** Directories: no entry has described it, so it is as the layers below have it. */
  implicit?: boolean;
  /** Symbolic links. */
  readonly target?: string;
  /** Devices, as makedev(3) encodes it. */
  readonly device?: number;
  /** Files: length, and where in the archive the bytes begin. */
  readonly sizeBytes?: number;
  readonly dataOffset?: number;
  readonly sparse?: readonly SparseRun[];
}

/** Limits of the kernel's file names and path walk. */
const MAX_NAME_BYTES = 255;
const MAX_TARGET_BYTES = 4095;
const MAX_LINKS_FOLLOWED = 40;

export interface LayerTreeOptions {
  /** Told of each directory made because something below it needed one. */
  readonly onImplicit: () => void;
}

export class LayerTree {
  readonly root: LayerNode;
  readonly #onImplicit: () => void;
  /** Answers of `find`; forgotten when a directory or a link has gone. */
  readonly #found = new Map<string, LayerNode>();

  constructor({ onImplicit }: LayerTreeOptions) {
    this.#onImplicit = onImplicit;
    const root: LayerNode & { parent?: LayerNode } = makeDirectory({ seconds: 0, nanos: 0 }, undefined);
    root.parent = root;
    this.root = root;
  }

  /** The directory, links on the way followed but never out of the root; made with its parents where missing. */
  directory(path: string, mtime: TarTime): LayerNode {
    const found = this.find(path);
    if (found) return found;
    const slash = path.lastIndexOf("/");
    const parent = this.directory(path.slice(0, Math.max(0, slash)), mtime);
    const name = path.slice(slash + 1);
    const there = parent.children!.get(name);
    if (there && !isWhiteout(there)) throw new InvalidArgument(`${JSON.stringify(path)} is not a directory`);
    const made = this.makeDirectory(parent, name, mtime);
    this.#onImplicit();
    return made;
  }

  /** As `directory`, but undefined where there is none. @throws InvalidArgument when links go round in a ring */
  find(path: string): LayerNode | undefined {
    if (path === "") return this.root;
    const known = this.#found.get(path);
    if (known) return known;
    const found = this.#walk(path);
    if (found) this.#found.set(path, found);
    return found;
  }

  /** A directory nobody has described yet. In the place of a whiteout it hides what is below it. */
  makeDirectory(parent: LayerNode, name: string, mtime: TarTime): LayerNode {
    const made = makeDirectory(mtime, parent);
    const there = parent.children!.get(name);
    if (there && isWhiteout(there)) made.opaque = true;
    this.put(parent, name, made);
    return made;
  }

  /** Gives a name to a node, in place of whatever has it. */
  put(parent: LayerNode, name: string, node: LayerNode): void {
    if (encodeRaw(name).byteLength > MAX_NAME_BYTES)
      throw new InvalidArgument(`ENAMETOOLONG: a name of more than ${MAX_NAME_BYTES} bytes`);
    if (parent.children!.has(name)) this.#found.clear();
    parent.children!.set(name, node);
  }

  remove(parent: LayerNode, name: string): void {
    if (parent.children!.delete(name)) this.#found.clear();
  }

  #walk(path: string): LayerNode | undefined {
    const todo = path.split("/").reverse();
    let links = 0;
    let here = this.root;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      if (!here.children) return undefined;
      if (part === "" || part === ".") continue;
      if (encodeRaw(part).byteLength > MAX_NAME_BYTES)
        throw new InvalidArgument(`ENAMETOOLONG: a name of more than ${MAX_NAME_BYTES} bytes`);
      const next: LayerNode | undefined = part === ".." ? here.parent : here.children.get(part);
      if (!next) return undefined;
      if (next.type !== TYPE.symlink) {
        here = next;
        continue;
      }
      if (++links > MAX_LINKS_FOLLOWED) throw new InvalidArgument("ELOOP: too many symbolic links");
      const target = next.target!;
      if (target.startsWith("/")) here = this.root;
      todo.push(...target.split("/").reverse());
    }
    return here.children ? here : undefined;
  }
}

/** A character device 0:0: overlayfs shows nothing in its place. */
export function isWhiteout(node: LayerNode): boolean {
  return node.type === TYPE.character && node.device === 0;
}

/** Checks a link's target as symlinkat(2) does. */
export function linkTarget(text: string): string {
  const bytes = encodeRaw(text).byteLength;
  if (bytes === 0) throw new InvalidArgument("ENOENT: a symbolic link to nothing");
  if (bytes > MAX_TARGET_BYTES) throw new InvalidArgument(`ENAMETOOLONG: a link target of ${bytes} bytes`);
  return text;
}

function makeDirectory(mtime: TarTime, parent: LayerNode | undefined): LayerNode {
  return {
    type: TYPE.directory,
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime,
    xattrs: new Map(),
    children: new Map(),
    implicit: true,
    ...(parent ? { parent } : {}),
  };
}
