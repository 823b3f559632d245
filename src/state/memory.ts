import { Conflict } from "#base/errors.ts";
import type { Collection, CollectionDefinition, StateStore } from "./types.ts";

/** The same contract without a file: for tests and for engines that keep nothing. */
export function openMemoryState(): StateStore {
  return new MemoryState();
}

class MemoryState implements StateStore {
  readonly #collections = new Map<string, MemoryCollection<unknown>>();
  /** One list of undo steps for each open transaction, the innermost last. */
  readonly #open: (() => void)[][] = [];

  collection<T>(definition: CollectionDefinition<T>): Collection<T> {
    const known = this.#collections.get(definition.name);
    if (known) return known as unknown as Collection<T>;
    const made = new MemoryCollection(definition, (undo) => this.#open.at(-1)?.push(undo));
    this.#collections.set(definition.name, made as unknown as MemoryCollection<unknown>);
    return made;
  }

  transaction<R>(work: () => R): R {
    const undos: (() => void)[] = [];
    this.#open.push(undos);
    try {
      const result = work();
      if (result instanceof Promise) throw new Error("a state transaction must not await");
      this.#open.at(-2)?.push(...undos);
      return result;
    } catch (error) {
      for (const undo of undos.reverse()) undo();
      throw error;
    } finally {
      this.#open.pop();
    }
  }

  [Symbol.dispose](): void {
    this.#collections.clear();
  }
}

class MemoryCollection<T> implements Collection<T> {
  readonly #texts = new Map<string, string>();
  readonly #definition: CollectionDefinition<T>;
  readonly #onUndo: (undo: () => void) => void;

  constructor(definition: CollectionDefinition<T>, onUndo: (undo: () => void) => void) {
    this.#definition = definition;
    this.#onUndo = onUndo;
  }

  get(key: string): T | undefined {
    const text = this.#texts.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  put(value: T): void {
    const key = this.#definition.key(value);
    for (const index of this.#definition.unique ?? []) this.#checkUnique(index, key, value);
    this.#rememberForUndo(key);
    this.#texts.set(key, JSON.stringify(value));
  }

  delete(key: string): boolean {
    this.#rememberForUndo(key);
    return this.#texts.delete(key);
  }

  list(): T[] {
    return this.#sortedKeys().map((key) => this.get(key)!);
  }

  find(index: string, indexKey: string): T[] {
    const keysOf = this.#definition.indexes?.[index];
    if (!keysOf) throw new Error(`collection ${this.#definition.name} has no index ${index}`);
    return this.list().filter((value) => keysOf(value).includes(indexKey));
  }

  keysWithPrefix(prefix: string, limit: number): string[] {
    return this.#sortedKeys()
      .filter((key) => key.startsWith(prefix))
      .slice(0, limit);
  }

  listFrom(from: string, limit: number): T[] {
    const keys = this.#sortedKeys().filter((key) => key >= from);
    return keys.slice(0, limit).map((key) => this.get(key)!);
  }

  deleteBefore(key: string): number {
    const old = [...this.#texts.keys()].filter((candidate) => candidate < key);
    for (const each of old) this.delete(each);
    return old.length;
  }

  count(): number {
    return this.#texts.size;
  }

  #sortedKeys(): string[] {
    return [...this.#texts.keys()].sort();
  }

  #checkUnique(index: string, key: string, value: T): void {
    for (const indexKey of this.#definition.indexes?.[index]?.(value) ?? []) {
      const owner = this.find(index, indexKey).find((other) => this.#definition.key(other) !== key);
      if (owner)
        throw new Conflict(
          `${this.#definition.name}: ${index} "${indexKey}" belongs to ${this.#definition.key(owner)}`,
        );
    }
  }

  #rememberForUndo(key: string): void {
    const before = this.#texts.get(key);
    this.#onUndo(() => {
      if (before === undefined) this.#texts.delete(key);
      else this.#texts.set(key, before);
    });
  }
}
