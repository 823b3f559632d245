/**
 * From a file's text to trees. The library parses; what scalars mean, anchors, merge keys and Compose's own tags are done
 * here, where every value's line and column is known and the work is bounded.
 */

import type { Document, Node, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { type Alias, isAlias, isScalar, isSeq, isMap as isYamlMap, type Pair, parseAllDocuments } from "yaml";
import { ComposeFileError, type Position } from "./errors.ts";
import { newMap, type Path, type Places, pathText, type Tree, type TreeList, type TreeMap } from "./tree.ts";
import { resolvePlainScalar, timestampText } from "./yaml-scalar.ts";

/** A file beyond this is refused unread. */
export const LARGEST_FILE_BYTES = 8 << 20;
/** Values of one document with aliases written out; Compose itself stops there. */
const MOST_NODES = 100_000;
const DEEPEST_NESTING = 200;

export interface YamlDocument {
  /** null: the document is empty. */
  readonly tree: Tree;
  /** What `!reset` and `!override` stand at: earlier files' values there are dropped. */
  readonly resets: readonly Path[];
}

/**
 * @param file the name in errors
 * @throws ComposeFileError with line and column
 */
export function readYaml(file: string, text: string, places: Places): YamlDocument[] {
  if (text.length > LARGEST_FILE_BYTES)
    throw new ComposeFileError(`${file}: the file is larger than ${LARGEST_FILE_BYTES >> 20} MiB`);
  places.addSource(file, text);
  const starts = lineStarts(text);
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    prettyErrors: false,
    logLevel: "silent",
    uniqueKeys: false, // checked below, where the first one's line is known
  });
  if (!Array.isArray(documents)) return []; // nothing but comments
  return documents.map((document) => new DocumentReader({ file, text, starts }, places).read(document));
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

interface Source {
  readonly file: string;
  readonly text: string;
  /** Offsets of the lines. */
  readonly starts: readonly number[];
}

class DocumentReader {
  readonly #file: string;
  readonly #text: string;
  readonly #places: Places;
  readonly #starts: readonly number[];
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  readonly #resets: Path[] = [];
  #nodes = 0;

  constructor({ file, text, starts }: Source, places: Places) {
    this.#file = file;
    this.#text = text;
    this.#places = places;
    this.#starts = starts;
  }

  read(document: Document.Parsed | Document): YamlDocument {
    const wrong = document.errors[0];
    if (wrong) throw this.#error(shortReason(wrong.message), wrong.pos[0]);
    const node = document.contents as Node | null;
    return { tree: node ? this.#value(node, []) : null, resets: this.#resets };
  }

  #value(node: Node, path: Path): Tree {
    if (++this.#nodes > MOST_NODES)
      throw this.#error(
        `the document has more than ${MOST_NODES} values, aliases written out`,
        startOf(node),
      );
    if (path.length > DEEPEST_NESTING)
      throw this.#error(`values are nested deeper than ${DEEPEST_NESTING} levels`, startOf(node));
    if (isAlias(node)) return this.#alias(node, path);
    if (node.anchor) this.#anchors.set(node.anchor, node);
    if (node.tag === "!reset" || node.tag === "!override") this.#resets.push(path);
    if (isScalar(node)) return this.#scalar(node, path);
    if (this.#open.has(node)) throw this.#error("an alias leads back to itself", startOf(node));
    this.#open.add(node);
    const value = isSeq(node) ? this.#list(node, path) : this.#map(node as YAMLMap, path);
    this.#open.delete(node);
    return value;
  }

  #alias(node: Alias, path: Path): Tree {
    return this.#value(this.#target(node), path);
  }

  #target(node: Alias): Node {
    const target = this.#anchors.get(node.source);
    if (!target) throw this.#error(`unknown anchor "${node.source}"`, startOf(node));
    return target;
  }

  #scalar(node: Scalar, path: Path): Tree {
    const text = this.#textOf(node);
    const tag = node.tag;
    if (tag === "tag:yaml.org,2002:str" || tag === "!") return text;
    if (node.type !== "PLAIN" && tag === undefined) return text;
    const scalar = resolvePlainScalar(text);
    if (!tag?.startsWith("tag:yaml.org,2002:") || tag === "tag:yaml.org,2002:str")
      return scalar.kind === "timestamp" ? dateText(text, path) : scalar.value;
    return this.#tagged(node, scalar.kind, scalar.value);
  }

  /** A block that the file ends in has a last line break only if the file has. */
  #textOf(node: Scalar): string {
    const text = String(node.value ?? "");
    const isCut = (node.range?.[1] ?? 0) >= this.#text.length && !this.#text.endsWith("\n");
    return isCut && node.type?.startsWith("BLOCK") ? text.replace(/\n$/, "") : text;
  }

  #tagged(node: Scalar, kind: string, value: Tree): Tree {
    const wanted = node.tag!.slice("tag:yaml.org,2002:".length);
    const kinds: Record<string, readonly string[]> = {
      int: ["integer"],
      float: ["float", "integer"],
      bool: ["boolean"],
      null: ["null"],
      timestamp: ["timestamp"],
    };
    if (!Object.hasOwn(kinds, wanted))
      throw this.#error(`the tag !!${wanted} has no meaning here`, startOf(node));
    if (!kinds[wanted]!.includes(kind))
      throw this.#error(`${JSON.stringify(node.value)} is not a !!${wanted}`, startOf(node));
    return value;
  }

  #list(node: YAMLSeq, path: Path): TreeList {
    const list: TreeList = [];
    for (const item of node.items as Node[]) {
      if (isReset(item)) {
        this.#resets.push([...path, list.length]);
        continue;
      }
      this.#places.set(list, list.length, this.#position(startOf(item)));
      list.push(this.#value(item, [...path, list.length]));
    }
    return list;
  }

  #map(node: YAMLMap, path: Path): TreeMap {
    const map = newMap();
    const merged: Node[] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = this.#key(pair.key, path);
      if (key === undefined && merged.length > 0)
        throw this.#error("<< is there twice: merge a list of mappings", startOf(pair.key), path);
      if (key === undefined) merged.push(pair.value!);
      else this.#entry(map, { key, pair, path: [...path, key] });
    }
    for (const source of merged) this.#merge(map, source, path);
    return map;
  }

  #entry(map: TreeMap, entry: { key: string; pair: Pair<Node, Node | null>; path: Path }): void {
    const { key, pair, path } = entry;
    const earlier = this.#places.get(map, key);
    if (earlier)
      throw this.#error(`the key "${key}" is there already, in line ${earlier.line}`, startOf(pair.key));
    const target = pair.value && isAlias(pair.value) ? this.#target(pair.value) : pair.value;
    if (target && isReset(target)) {
      this.#resets.push(path);
      return;
    }
    this.#places.set(map, key, this.#position(startOf(pair.key)));
    map[key] = pair.value ? this.#value(pair.value, path) : null;
  }

  /** @returns undefined for the merge key */
  #key(node: Node, path: Path): string | undefined {
    const target = isAlias(node) ? this.#target(node) : node;
    if (node.anchor) this.#anchors.set(node.anchor, node);
    if (!isScalar(target)) throw this.#error("a key must be a string", startOf(node), path);
    const text = String(target.value ?? "");
    if (target.type !== "PLAIN") return text;
    if (text === "<<") return undefined;
    const { kind } = resolvePlainScalar(text);
    if (kind === "string") return text;
    throw this.#error(
      `a key must be a string, "${text}" is ${kind === "integer" ? "an" : "a"} ${kind}: quote it`,
      startOf(node),
      path,
    );
  }

  /** What the map has itself wins over what it merges; of several sources, the first. */
  #merge(map: TreeMap, source: Node | null, path: Path): void {
    const target = source && isAlias(source) ? this.#target(source) : source;
    if (target && isSeq(target)) {
      for (const item of target.items as Node[]) this.#merge(map, item, path);
      return;
    }
    if (!target || !isYamlMap(target))
      throw this.#error("<< merges a mapping or a list of mappings", source ? startOf(source) : 0, path);
    const from = this.#value(target, path) as TreeMap;
    for (const key of Object.keys(from)) {
      if (key in map) continue;
      map[key] = from[key]!;
      this.#places.copy(from, key, map);
    }
  }

  #position(offset: number): Position {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.#file, line: low + 1, column: offset - this.#starts[low]! + 1 };
  }

  #error(reason: string, offset: number, path: Path = []): ComposeFileError {
    return this.#places.errorAt(reason, this.#position(offset), pathText(path) || undefined);
  }
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** A date without quotes reaches containers as Compose prints points in time; in extensions it stays as it is. */
function dateText(text: string, path: Path): string {
  const isExtension = path.some((part) => typeof part === "string" && part.startsWith("x-"));
  return isExtension ? text : timestampText(text);
}

function isReset(node: Node): boolean {
  return node.tag === "!reset";
}

/** The library's messages end in advice about its own options. */
function shortReason(message: string): string {
  return message.replace(/; set .*$/, "");
}
