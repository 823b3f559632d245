/** From a canonical tree to typed values, along the tables of `fields/`. */
import { deepExtensions, splitExtensions } from "./extensions.ts";
import type { Field, Kind, ScalarKind } from "./fields/kind.ts";
import { goText, shortestFloat32 } from "./go-text.ts";
import { readBoolean, readInteger, readNumber } from "./interpolate.ts";
import { newRecord } from "./own.ts";
import { parseByteSize, parseDurationNs } from "./quantities.ts";
import { splitCommand } from "./split-command.ts";
import { isMap, kindOf, type Path, type Places, type Tree, type TreeMap } from "./tree.ts";

export interface DecodeContext {
  readonly root: Tree;
  readonly places: Places;
  readonly warn: (text: string) => void;
}

/** The typed object of a map; `extensions` is there when the map has some. @throws ComposeFileError */
export function decodeFields(
  map: TreeMap,
  fields: readonly Field[],
  path: Path,
  context: DecodeContext,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { key, kind, omit } of fields) {
    const value = map[key];
    if (value === undefined || value === null) {
      if (omit === "true") result[key] = false;
      continue;
    }
    const decoded = decode(value, kind, [...path, key], context);
    if (omit !== "zero" || !isZero(decoded)) result[key] = decoded;
  }
  const { extensions } = splitExtensions(map);
  if (Object.keys(extensions).length > 0) result.extensions = deepExtensions(extensions);
  return result;
}

export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function decode(value: Tree, kind: Kind, path: Path, context: DecodeContext): unknown {
  try {
    return decodeUnchecked(value, kind, path, context);
  } catch (error) {
    if (error instanceof Mismatch) throw context.places.error(error.message, context.root, path);
    throw error;
  }
}

/** A value does not fit its attribute. */
class Mismatch extends Error {}

function decodeUnchecked(value: Tree, kind: Kind, path: Path, context: DecodeContext): unknown {
  switch (kind.is) {
    case "object":
      return decodeFields(asMap(value), kind.fields, path, context);
    case "list":
      return asArray(value).map((item, index) => decode(item, kind.item, [...path, index], context));
    case "map":
      return mapOf(asMap(value), (item, key) =>
        item === null && kind.isNullable ? null : decode(item ?? {}, kind.item, [...path, key], context),
      );
    case "strings":
    case "command":
    case "healthTest":
    case "stringMap":
    case "environment":
    case "multiMap":
    case "hosts":
    case "ulimit":
    case "ssh":
      return COLLECTIONS[kind.is](value);
    default:
      return decodeScalar(value, kind.is, context.warn);
  }
}

const COLLECTIONS = {
  strings: (value) => (Array.isArray(value) ? value : [value]).map(goText),
  command: (value) =>
    attempt(() => (typeof value === "string" ? splitCommand(value) : asArray(value).map(goText))),
  healthTest: (value) => (typeof value === "string" ? ["CMD-SHELL", value] : asArray(value).map(goText)),
  stringMap: (value) => pairs(value, ""),
  environment: (value) => pairs(value, null),
  multiMap: (value) => mapOf(asMap(value), (item) => (Array.isArray(item) ? item : [item]).map(goText)),
  hosts: decodeHosts,
  ulimit: (value) => {
    if (!isMap(value)) return { single: integer(value) };
    return { soft: integer(value.soft ?? 0), hard: integer(value.hard ?? 0) };
  },
  ssh: (value) =>
    Object.entries(asMap(value)).map(([id, path]) => (path === null ? { id } : { id, path: goText(path) })),
} satisfies Record<string, (value: Tree) => unknown>;

function decodeScalar(value: Tree, kind: ScalarKind, warn: (text: string) => void): unknown {
  if (typeof value === "object" && value !== null) throw new Mismatch(`cannot be ${kindOf(value)}`);
  return attempt(() => {
    switch (kind) {
      case "string":
        return goText(value);
      case "boolean":
        return typeof value === "boolean" ? value : readBoolean(goText(value), warn);
      case "integer":
        return integer(value);
      case "float":
        return typeof value === "number" ? value : readNumber(goText(value));
      case "float32":
        return shortestFloat32(typeof value === "number" ? value : readNumber(goText(value)));
      case "bytes":
        return typeof value === "number" ? Math.trunc(value) : parseByteSize(goText(value));
      case "duration":
        return parseDurationNs(goText(value));
      case "mode":
        return typeof value === "number" ? value : octal(goText(value));
      case "count":
        return goText(value).toLowerCase() === "all" ? -1 : integer(value);
    }
  });
}

function octal(text: string): number {
  if (!/^[0-7]+$/.test(text)) throw new Error(`"${text}" is not an octal number`);
  return Number.parseInt(text, 8);
}

function integer(value: Tree): number {
  if (typeof value === "number") return Math.trunc(value);
  return attempt(() => readInteger(goText(value)));
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Mismatch((error as Error).message);
  }
}

function pairs<T>(value: Tree, missing: T): Record<string, string | T> {
  if (isMap(value)) return mapOf(value, (item) => (item === null ? missing : goText(item)));
  const result = newRecord<string | T>();
  for (const item of asArray(value)) {
    const text = goText(item);
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    if (missing === null && /\s$/.test(name))
      throw new Mismatch(`environment variable ${name} is declared with a trailing space`);
    result[name] = equals < 0 ? missing : text.slice(equals + 1);
  }
  return result;
}

function decodeHosts(value: Tree): Record<string, string[]> {
  const result = newRecord<string[]>();
  const add = (host: string, addresses: readonly string[]) => {
    if (host === "" || /[:=]/.test(host)) throw new Mismatch(`bad host name '${host}'`);
    result[host] = [...(result[host] ?? []), ...addresses.map(withoutBrackets)];
  };
  if (isMap(value)) {
    for (const [host, item] of Object.entries(value))
      add(host, (Array.isArray(item) ? item : [item]).map(goText));
    return result;
  }
  for (const item of asArray(value)) {
    const text = goText(item);
    const at = text.includes("=") ? text.indexOf("=") : text.indexOf(":");
    if (at < 0) throw new Mismatch(`invalid additional host, missing IP: ${text}`);
    add(text.slice(0, at), text.slice(at + 1).split(","));
  }
  return result;
}

function withoutBrackets(address: string): string {
  return /^\[.+\]$/.test(address) ? address.slice(1, -1) : address;
}

function mapOf<T>(map: TreeMap, convert: (value: Tree, key: string) => T): Record<string, T> {
  return Object.fromEntries(Object.keys(map).map((key) => [key, convert(map[key]!, key)]));
}

function asMap(value: Tree): TreeMap {
  if (isMap(value)) return value;
  throw new Mismatch(`must be a mapping, not ${kindOf(value)}`);
}

function asArray(value: Tree): Tree[] {
  if (Array.isArray(value)) return value;
  throw new Mismatch(`must be a list, not ${kindOf(value)}`);
}
