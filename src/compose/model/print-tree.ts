/** The typed project as what is printed: maps with their keys in order, lists and scalars. Pure. */
import { isZero } from "./decode.ts";
import type { Field, Kind, ScalarKind } from "./fields/kind.ts";
import { durationText } from "./quantities.ts";
import type { Extensions } from "./types.ts";

export type PrintNode =
  | { readonly entries: readonly (readonly [string, PrintNode])[] }
  | { readonly items: readonly PrintNode[] }
  | string
  | number
  | bigint
  | boolean
  | null;

export type PrintFormat = "yaml" | "json";

/** How names that users choose are ordered. */
export type KeyOrder = (a: string, b: string) => number;

export interface PrintOptions {
  readonly format: PrintFormat;
  readonly order: KeyOrder;
}

/** A typed object along its table; extensions come last, and only in YAML. */
export function printFields(value: object, fields: readonly Field[], options: PrintOptions): PrintNode {
  const record = value as Readonly<Record<string, unknown>>;
  const entries: [string, PrintNode][] = [];
  for (const one of fields) {
    const entry = printField(record[one.key], one, options);
    if (entry !== undefined)
      entries.push([options.format === "json" ? (one.json ?? one.key) : one.key, entry]);
  }
  const extensions = record.extensions as Extensions | undefined;
  if (options.format === "yaml" && extensions) {
    for (const key of Object.keys(extensions).sort(options.order))
      entries.push([key, printAny(extensions[key as `x-${string}`], options)]);
  }
  return { entries };
}

/** @returns undefined: left out */
function printField(value: unknown, { kind, omit }: Field, options: PrintOptions): PrintNode | undefined {
  const isJson = options.format === "json";
  if (kind.is === "object" && kind.presence === "value") {
    if (value === undefined && !isJson) return undefined;
    const node = printFields(value ?? {}, kind.fields, options);
    return isJson || !isEmpty(node) ? node : undefined;
  }
  if (kind.is === "command" && value === undefined) return isJson ? null : undefined;
  if (omit === "true") return value === false ? false : undefined;
  if (omit === "never") return print(value ?? zeroOf(kind), kind, options);
  if (value === undefined || (omit === "zero" && isZero(value))) return undefined;
  return print(value, kind, options);
}

function isEmpty(node: PrintNode): boolean {
  return typeof node === "object" && node !== null && "entries" in node && node.entries.length === 0;
}

function zeroOf(kind: Kind): unknown {
  return kind.is === "string" ? "" : kind.is === "boolean" ? false : 0;
}

function print(value: unknown, kind: Kind, options: PrintOptions): PrintNode {
  switch (kind.is) {
    case "object":
      return printFields(value as object, kind.fields, options);
    case "list":
      return { items: (value as unknown[]).map((item) => print(item, kind.item, options)) };
    case "map":
      return printMap(value, options, (item) => (item === null ? null : print(item, kind.item, options)));
    case "strings":
    case "command":
    case "healthTest":
      return { items: value as string[] };
    case "stringMap":
    case "environment":
      return printMap(value, options, (item) => item as string | null);
    case "multiMap":
      return printMap(value, options, (item) => ({ items: item as string[] }));
    case "hosts":
      return { items: hostLines(value as Readonly<Record<string, readonly string[]>>) };
    case "ulimit":
      return printUlimit(value as { single?: number; soft?: number; hard?: number }, options);
    case "ssh":
      return {
        items: (value as { id: string; path?: string }[]).map(({ id, path }) =>
          path ? `${id}: ${path}` : id,
        ),
      };
    default:
      return printScalar(value as string | number | boolean, kind.is);
  }
}

function printScalar(value: string | number | boolean, kind: ScalarKind): PrintNode {
  if (kind === "bytes") return String(value);
  if (kind === "duration") return durationText(value as number);
  if (kind === "mode") return `0${(value as number).toString(8)}`;
  return value;
}

function printMap(value: unknown, { order }: PrintOptions, convert: (item: unknown) => PrintNode): PrintNode {
  const map = value as Readonly<Record<string, unknown>>;
  return {
    entries: Object.keys(map)
      .sort(order)
      .map((key) => [key, convert(map[key])] as const),
  };
}

function hostLines(hosts: Readonly<Record<string, readonly string[]>>): string[] {
  const lines = Object.entries(hosts).flatMap(([host, addresses]) => addresses.map((ip) => `${host}=${ip}`));
  return lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function printUlimit(
  { single, soft = 0, hard = 0 }: { single?: number; soft?: number; hard?: number },
  options: PrintOptions,
) {
  if (single) return single;
  const both = [
    ["soft", soft],
    ["hard", hard],
  ] as const;
  return { entries: options.format === "yaml" ? both : both.filter(([, limit]) => limit !== 0) };
}

/** Something without a table. */
export function printAny(value: unknown, options: PrintOptions): PrintNode {
  if (Array.isArray(value)) return { items: value.map((item) => printAny(item, options)) };
  if (typeof value === "object" && value !== null)
    return printMap(value, options, (item) => printAny(item, options));
  return (value ?? null) as PrintNode;
}
