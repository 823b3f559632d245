/**
 * The attributes of the typed project as data: their order and kind. Reading a tree, printing a project and its hash all
 * follow these tables, so that they cannot disagree. The order is the one Compose prints in and hashes. Pure.
 */

export type ScalarKind =
  | "string"
  | "boolean"
  | "integer"
  | "float"
  /** A 32-bit float. */
  | "float32"
  /** Bytes; printed as text. */
  | "bytes"
  /** Nanoseconds; printed as "1m30s". */
  | "duration"
  /** Permission bits; printed as "0440". */
  | "mode"
  /** A number of devices, -1 for all. */
  | "count";

export type Kind =
  | { readonly is: ScalarKind }
  /** A list of strings; one string alone is a list of one. */
  | { readonly is: "strings" }
  /** A command line; a string is split as a shell would. Empty is not the same as absent. */
  | { readonly is: "command" }
  | { readonly is: "healthTest" }
  /** Strings by name. */
  | { readonly is: "stringMap" }
  /** As stringMap, but a name without a value stays null. */
  | { readonly is: "environment" }
  | { readonly is: "multiMap" }
  | { readonly is: "hosts" }
  | { readonly is: "ulimit" }
  | { readonly is: "ssh" }
  | { readonly is: "object"; readonly fields: readonly Field[]; readonly presence: Presence }
  | { readonly is: "list"; readonly item: Kind }
  /** `isNullable`: null is a value of its own. */
  | { readonly is: "map"; readonly item: Kind; readonly isNullable: boolean };

/**
 * Whether an object that is empty is printed. "pointer": when it was given; "value": in JSON always, in YAML only when
 * something is in it.
 */
export type Presence = "pointer" | "value";

export interface Field {
  readonly key: string;
  readonly kind: Kind;
  /**
   * When a field is left out: "zero" when it is 0, false or empty; "absent" when it was not given; "never"; "true" when
   * it is true.
   */
  readonly omit: "zero" | "absent" | "never" | "true";
  /** The name in JSON when it is another. */
  readonly json?: string;
}

export function field(key: string, kind: Kind | ScalarKind, omit: Field["omit"] = "zero"): Field {
  return { key, kind: typeof kind === "string" ? { is: kind } : kind, omit };
}

export const strings: Kind = { is: "strings" };
export const stringMap: Kind = { is: "stringMap" };
export const environment: Kind = { is: "environment" };
export const command: Kind = { is: "command" };
export const hosts: Kind = { is: "hosts" };

export function object(fields: readonly Field[], presence: Presence = "pointer"): Kind {
  return { is: "object", fields, presence };
}

export function list(item: Kind): Kind {
  return { is: "list", item };
}

export function map(item: Kind, isNullable = false): Kind {
  return { is: "map", item, isNullable };
}
