/** What a record itself has under a name that comes from a user: "constructor" is a name like any other. Pure. */

export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** A record without inherited names, in which "__proto__" is a key. */
export function newRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
