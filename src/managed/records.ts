import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { isFullId } from "#base/ids.ts";
import { familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { PluginRecord } from "./types.ts";

/** What is known of every installed plugin; names are unique. */
export class PluginRecords {
  readonly #records: Collection<PluginRecord>;

  constructor(state: Pick<StateStore, "collection">) {
    this.#records = state.collection<PluginRecord>({
      name: "plugins",
      key: ({ id }) => id,
      indexes: { name: ({ name }) => [name] },
      unique: ["name"],
    });
  }

  all(): PluginRecord[] {
    return this.#records.list().sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  byId(id: string): PluginRecord | undefined {
    return this.#records.get(id);
  }

  /** By its whole name; the tag may be left out. */
  named(name: string): PluginRecord | undefined {
    const full = nameOrNothing(name);
    return full === undefined ? undefined : this.#records.find("name", full)[0];
  }

  /** By id, name or the beginning of an id, in this order. @throws NotFound, InvalidArgument in Docker's words */
  get(nameOrId: string): PluginRecord {
    const known = (isFullId(nameOrId) && this.#records.get(nameOrId)) || this.named(nameOrId);
    if (known) return known;
    const [id, another] = this.#records.keysWithPrefix(nameOrId, 2);
    if (another !== undefined)
      throw new InvalidArgument(`multiple plugins found for ${JSON.stringify(nameOrId)}`);
    const found = id === undefined ? undefined : this.#records.get(id);
    if (!found) throw new NotFound(`plugin ${JSON.stringify(nameOrId)} not found`);
    return found;
  }

  put(record: PluginRecord): void {
    this.#records.put(record);
  }

  /** As it is now, with something new. @throws NotFound when it has been removed meanwhile */
  change(id: string, change: Partial<Omit<PluginRecord, "id">>): PluginRecord {
    const record = { ...this.get(id), ...change };
    this.#records.put(record);
    return record;
  }

  delete(id: string): void {
    this.#records.delete(id);
  }

  /** @throws Conflict in Docker's words */
  checkFree(name: string): void {
    if (this.named(name)) throw new Conflict(`plugin ${name} already exists`);
  }
}

/** "vieux/sshfs" as it is kept: "vieux/sshfs:latest". @throws InvalidArgument */
export function fullName(text: string): string {
  const reference = parseReference(text);
  if (reference.digest) throw new InvalidArgument("canonical references are not permitted");
  return familiarReference(withDefaultTag(reference));
}

function nameOrNothing(text: string): string | undefined {
  try {
    return fullName(text);
  } catch {
    return undefined;
  }
}
