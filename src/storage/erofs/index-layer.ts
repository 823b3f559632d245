import { InvalidArgument } from "#base/errors.ts";
import { isKeptXattr } from "#base/kept-xattrs.ts";
import type { TarSink } from "#base/tar-archive.ts";
import type { TarEntry, TarEntryType } from "#base/tar-header.ts";
import { makeDevice } from "#kernel/files/at.ts";
import { checkEntryCount, checkFileSize, type LayerBounds } from "../layer/bounds.ts";
import { type LayerPath, type LayerStep, pathText, planLayerEntry } from "../layer/entry.ts";
import { entryError, ownWayError } from "../layer/entry-error.ts";
import { setAttribute } from "./attributes.ts";
import { type LayerNode, LayerTree, linkTarget, TYPE } from "./tree.ts";

export interface LayerIndexOptions {
  readonly bounds: LayerBounds;
  /** Where in the archive the bytes after the header just read begin. */
  readonly dataOffset: () => number;
}

const MAX_WARNINGS = 10;

/**
 * Reads one layer's tar into a tree that says where in the archive each file's bytes are. Entries mean the same here
 * as to `LayerWriter`, which makes files of them.
 * @throws InvalidArgument `layer entry "name": reason`
 */
export class LayerIndex implements TarSink {
  readonly tree: LayerTree;
  /** Losses that are no reason to refuse the layer, one line each. */
  readonly warnings = new Set<string>();
  /** Bytes of regular files, holes not counted. */
  sizeBytes = 0;
  entries = 0;
  readonly #bounds: LayerBounds;
  readonly #dataOffset: () => number;
  #implicitMade = 0;
  /** Whether the entry being read became a file: the bytes of others count for nothing. */
  #isFile = false;

  constructor({ bounds, dataOffset }: LayerIndexOptions) {
    this.#bounds = bounds;
    this.#dataOffset = dataOffset;
    this.tree = new LayerTree({
      onImplicit: () => {
        this.#implicitMade += 1;
        checkEntryCount(bounds, this.entries, this.#implicitMade);
      },
    });
  }

  entry(entry: TarEntry): void {
    try {
      this.entries += 1;
      this.#isFile = false;
      checkEntryCount(this.#bounds, this.entries, this.#implicitMade);
      this.#apply(planLayerEntry(entry), entry);
    } catch (error) {
      throw entryError(entry.name, error);
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#isFile) this.sizeBytes += chunk.byteLength;
  }

  end(): void {}

  #apply(step: LayerStep, entry: TarEntry): void {
    switch (step.op) {
      case "skip":
        return;
      case "root":
        this.#describe(this.tree.root, entry);
        return;
      case "whiteout":
        this.#hide(step.path, entry);
        return;
      case "opaque":
        this.tree.directory(step.directory, entry.mtime).opaque = true;
        return;
      case "link":
        this.#link(step.path, step.target, entry);
        return;
      case "create":
        if (entry.type === "directory") this.#directory(step.path, entry);
        else this.#file(step.path, entry);
    }
  }

  #directory({ directory, name }: LayerPath, entry: TarEntry): void {
    const parent = this.tree.directory(directory, entry.mtime);
    const there = parent.children!.get(name);
    const node = there?.children ? there : this.tree.makeDirectory(parent, name, entry.mtime);
    this.#checkWay(directory, parent);
    this.#describe(node, entry);
  }

  #describe(node: LayerNode, entry: TarEntry): void {
    node.implicit = false;
    node.uid = entry.uid;
    node.gid = entry.gid;
    node.mode = entry.mode;
    node.mtime = entry.mtime;
    this.#setAttributes(node, entry);
  }

  #file({ directory, name }: LayerPath, entry: TarEntry): void {
    const { mode, uid, gid, mtime } = entry;
    const type = TYPE[entry.type as Exclude<TarEntryType, "hardlink" | "other">];
    const node: LayerNode = { type, mode, uid, gid, mtime, xattrs: new Map(), ...this.#contents(entry) };
    const parent = this.tree.directory(directory, mtime);
    this.tree.put(parent, name, node);
    this.#checkWay(directory, parent);
    this.#setAttributes(node, entry);
  }

  /** What was put in its place may have taken the place of what its name leads through. */
  #checkWay(directory: string, parent: LayerNode): void {
    if (this.tree.find(directory) !== parent) throw ownWayError();
  }

  #contents(entry: TarEntry): Partial<LayerNode> {
    switch (entry.type) {
      case "file":
        checkFileSize(this.#bounds, entry.sizeBytes);
        this.#isFile = true;
        return {
          sizeBytes: entry.sizeBytes,
          dataOffset: this.#dataOffset(),
          ...(entry.sparse ? { sparse: entry.sparse } : {}),
        };
      case "symlink":
        return { target: linkTarget(entry.linkName), mode: 0o777 };
      case "character":
      case "block":
        return { device: makeDevice(entry.deviceMajor, entry.deviceMinor) };
      default:
        return {};
    }
  }

  #link(path: LayerPath, target: LayerPath, entry: TarEntry): void {
    if (pathText(path) === pathText(target)) throw new InvalidArgument("hard link to itself");
    const parent = this.tree.directory(path.directory, entry.mtime);
    let node = this.#linked(target);
    if (parent.children!.has(path.name)) {
      this.tree.remove(parent, path.name);
      this.#checkWay(path.directory, parent);
      node = this.#linked(target); // clearing the way may have taken it along
    }
    this.tree.put(parent, path.name, node);
  }

  #linked(target: LayerPath): LayerNode {
    const node = this.tree.find(target.directory)?.children?.get(target.name);
    if (node && !node.children) return node;
    const problem = node ? "a directory" : "not in the layer";
    throw new InvalidArgument(`hard link to ${JSON.stringify(pathText(target))}, which is ${problem}`);
  }

  /** A whiteout hides what is below this layer, whatever order the archive has; files of the layer itself stay. */
  #hide({ directory, name }: LayerPath, { mtime }: TarEntry): void {
    const parent = this.tree.directory(directory, mtime);
    const there = parent.children!.get(name);
    if (there?.children) there.opaque = true;
    if (!there) this.tree.put(parent, name, makeWhiteout(mtime));
  }

  #setAttributes(node: LayerNode, entry: TarEntry): void {
    for (const [name, value] of entry.xattrs) {
      if (!isKeptXattr(name) || setAttribute(node, name, value)) continue;
      if (this.warnings.size < MAX_WARNINGS)
        this.warnings.add(`attribute ${name} could not be set: not on this type of file`);
    }
  }
}

function makeWhiteout(mtime: TarEntry["mtime"]): LayerNode {
  return { type: TYPE.character, mode: 0, uid: 0, gid: 0, mtime, xattrs: new Map(), device: 0 };
}
