/**
 * A Compose document while it is worked on: plain maps, lists and scalars, and beside them where each value stands in its
 * file. Steps of loading change a tree in place; who copies an entry from one container to another copies its place too.
 */
import { ComposeFileError, type Position } from "./errors.ts";

export type TreeMap = { [key: string]: Tree };
export type TreeList = Tree[];
/** bigint: an integer beyond 2^53, which is only ever printed. */
export type Tree = TreeMap | TreeList | string | number | bigint | boolean | null;

/** Keys from the root: list positions are numbers. */
export type Path = readonly (string | number)[];

export function isMap(value: unknown): value is TreeMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map whose keys come from a file: "__proto__" is a key like any other. */
export function newMap(entries: Iterable<readonly [string, Tree]> = []): TreeMap {
  const map = Object.create(null) as TreeMap;
  for (const [key, value] of entries) map[key] = value;
  return map;
}

/** "services.web.ports[0].target" */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) text += typeof part === "number" ? `[${part}]` : text === "" ? part : `.${part}`;
  return text;
}

/** "mapping", "list", "string", "number", "boolean", "null": how errors call a value. */
export function kindOf(value: Tree): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "boolean") return "a boolean";
  return typeof value === "string" ? "a string" : "a number";
}

/** Where values stand, by the container they are in and their key; and the files' lines. */
export class Places {
  readonly #positions = new WeakMap<object, Map<string | number, Position>>();
  readonly #lines = new Map<string, readonly string[]>();

  addSource(file: string, text: string): void {
    this.#lines.set(file, text.split("\n"));
  }

  set(container: object, key: string | number, position: Position): void {
    const keys = this.#positions.get(container) ?? new Map<string | number, Position>();
    this.#positions.set(container, keys.set(key, position));
  }

  get(container: object, key: string | number): Position | undefined {
    return this.#positions.get(container)?.get(key);
  }

  /** An entry is put into another container, or under another key. */
  copy(from: object, fromKey: string | number, to: object, toKey: string | number = fromKey): void {
    const position = this.get(from, fromKey);
    if (position) this.set(to, toKey, position);
  }

  /** The place of what `path` leads to, or of the nearest thing around it that was written in a file. */
  find(root: Tree, path: Path): Position | undefined {
    let found: Position | undefined;
    let value: Tree = root;
    for (const part of path) {
      if (typeof value !== "object" || value === null) break;
      found = this.get(value, part) ?? found;
      value = (value as Record<string | number, Tree>)[part] ?? null;
    }
    return found;
  }

  error(reason: string, root: Tree, path: Path, hint?: string): ComposeFileError {
    return this.errorAt(reason, this.find(root, path), pathText(path), hint);
  }

  errorAt(reason: string, position: Position | undefined, path?: string, hint?: string): ComposeFileError {
    const sourceLine = position && this.#lines.get(position.file)?.[position.line - 1]?.replace(/\r$/, "");
    return new ComposeFileError(reason, { position, path, sourceLine, hint });
  }

  /** A copy that shares nothing with the original and knows the same places. */
  clone<T extends Tree>(value: T): T {
    if (typeof value !== "object" || value === null) return value;
    const copy: TreeMap | TreeList = Array.isArray(value) ? [] : newMap();
    for (const key of Object.keys(value)) {
      (copy as TreeMap)[key] = this.clone((value as TreeMap)[key]!);
      const at = Array.isArray(value) ? Number(key) : key;
      this.copy(value, at, copy, at);
    }
    return copy as T;
  }
}
