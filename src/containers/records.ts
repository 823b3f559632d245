import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { isIdPrefix } from "#base/ids.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { ContainerRecord, StateRecord } from "./types.ts";

/** No index: this process has all records in memory, and nobody else writes them. */
const COLLECTION = { name: "containers", key: (record: ContainerRecord) => record.id };

/**
 * All containers: the state store, and beside it the same records in memory, so that `ps` and `inspect` read nothing
 * from disk. A record is never changed in place; a change puts a new one.
 */
export class ContainerRecords {
  readonly #stored: Collection<ContainerRecord>;
  readonly #byId = new Map<string, ContainerRecord>();
  readonly #idByName = new Map<string, string>();

  constructor(state: Pick<StateStore, "collection">) {
    this.#stored = state.collection(COLLECTION);
    for (const record of this.#stored.list()) this.#remember(record);
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): ContainerRecord | undefined {
    return this.#byId.get(id);
  }

  /** In no particular order. */
  all(): IterableIterator<ContainerRecord> {
    return this.#byId.values();
  }

  /** By full id, name (with or without the leading slash), or unique id prefix. */
  find(nameOrId: string): ContainerRecord | undefined {
    const exact = this.#byId.get(nameOrId) ?? this.findByName(nameOrId.replace(/^\//, ""));
    if (exact || !isIdPrefix(nameOrId)) return exact;
    const matches = [...this.#byId.keys()].filter((id) => id.startsWith(nameOrId));
    if (matches.length > 1) throw new InvalidArgument(`multiple IDs found with provided prefix: ${nameOrId}`);
    return matches[0] === undefined ? undefined : this.#byId.get(matches[0]);
  }

  /** @throws NotFound "No such container: X"; InvalidArgument for a prefix of several ids */
  resolve(nameOrId: string): ContainerRecord {
    const record = this.find(nameOrId);
    if (!record) throw new NotFound(`No such container: ${nameOrId}`);
    return record;
  }

  findByName(name: string): ContainerRecord | undefined {
    const id = this.#idByName.get(name);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** @throws Conflict in Docker's words when another container has the name */
  checkNameIsFree(name: string): void {
    const owner = this.#idByName.get(name);
    if (owner === undefined) return;
    throw new Conflict(
      `Conflict. The container name "/${name}" is already in use by container "${owner}". ` +
        "You have to remove (or rename) that container to be able to reuse that name.",
    );
  }

  put(record: ContainerRecord): ContainerRecord {
    this.#stored.put(record);
    const before = this.#byId.get(record.id);
    if (before && before.name !== record.name) this.#idByName.delete(before.name);
    this.#remember(record);
    return record;
  }

  /** In memory alone: see `recordFact`. */
  putUnstored(record: ContainerRecord): ContainerRecord {
    this.#remember(record);
    return record;
  }

  /** @throws NotFound when the container has been removed meanwhile */
  update(id: string, change: Partial<Omit<ContainerRecord, "id">>): ContainerRecord {
    return this.put({ ...this.resolve(id), ...change });
  }

  updateState(id: string, change: Partial<StateRecord>): ContainerRecord {
    return this.update(id, { state: { ...this.resolve(id).state, ...change } });
  }

  delete(id: string): void {
    const record = this.#byId.get(id);
    if (!record) return;
    this.#stored.delete(id);
    this.#byId.delete(id);
    this.#idByName.delete(record.name);
  }

  #remember(record: ContainerRecord): void {
    this.#byId.set(record.id, record);
    this.#idByName.set(record.name, record.id);
  }
}
