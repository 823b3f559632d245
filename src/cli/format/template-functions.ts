/** The functions templates may call: Go's own and those Docker adds. */

import { goFormat, goText } from "./go-print.ts";
import { compactJson } from "./json.ts";
import { isTemplateObject } from "./template-object.ts";

export type TemplateFunction = (...values: unknown[]) => unknown;

export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  eq: (first, ...others) => others.some((other) => isEqual(first, other)),
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  not: (value) => !isTrue(value),
  len: lengthOf,
  index: indexInto,
  slice: sliceOf,
  print: (...values) => goPrint(values),
  println: (...values) => `${values.map(goText).join(" ")}\n`,
  printf: (format, ...values) => goFormat(asText(format, "printf"), values),
  html: (...values) => goPrint(values).replace(/[&<>'"]/g, (c) => HTML[c]!),
  js: (...values) => JSON.stringify(goPrint(values)).slice(1, -1),
  urlquery: (...values) => encodeURIComponent(goPrint(values)).replaceAll("%20", "+"),
  json: (value) => (isTemplateObject(value) ? value.json() : compactJson(value)),
  split: (text, separator) => asText(text, "split").split(asText(separator, "split")),
  join: (values, separator) => asList(values).map(goText).join(asText(separator, "join")),
  title: (text) =>
    asText(text, "title").replace(
      /(^|[^\p{L}\p{N}'_])(\p{Ll})/gu,
      (_all, before, letter) => before + letter.toUpperCase(),
    ),
  lower: (text) => asText(text, "lower").toLowerCase(),
  upper: (text) => asText(text, "upper").toUpperCase(),
  pad: (text, before, after) =>
    asText(text, "pad") === "" ? "" : " ".repeat(Number(before)) + text + " ".repeat(Number(after)),
  truncate: (text, length) => asText(text, "truncate").slice(0, Number(length)),
};

/** In a table's header row these leave the column titles as they are. */
export const HEADER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  ...TEMPLATE_FUNCTIONS,
  json: (title) => title,
  split: (title) => title,
  join: (title) => title,
  title: (title) => title,
  lower: (title) => title,
  upper: (title) => title,
  truncate: (title) => title,
};

/** These decide themselves which arguments are evaluated. */
export const SHORT_CIRCUIT: ReadonlySet<string> = new Set(["and", "or"]);

export const FUNCTION_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(TEMPLATE_FUNCTIONS),
  ...SHORT_CIRCUIT,
]);

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

/** Go's rule: zero values and empty collections are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** fmt.Sprint: a space between operands when neither is a string. */
function goPrint(values: readonly unknown[]): string {
  let text = "";
  for (const [index, value] of values.entries()) {
    const isSpaced = index > 0 && typeof value !== "string" && typeof values[index - 1] !== "string";
    text += (isSpaced ? " " : "") + goText(value);
  }
  return text;
}

function isEqual(a: unknown, b: unknown): boolean {
  const isNothing = (value: unknown) => value === null || value === undefined;
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (typeof a !== typeof b) throw new Error("incompatible types for comparison");
  if (typeof a === "object") throw new Error("uncomparable type");
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  throw new Error("incompatible types for comparison");
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  if (value === null || value === undefined) throw new Error("len of nil pointer");
  throw new Error(`len of type ${typeof value}`);
}

function indexInto(value: unknown, ...keys: unknown[]): unknown {
  let current = value;
  for (const key of keys) {
    if (current === null || current === undefined) throw new Error("index of untyped nil");
    current = indexOnce(current, key);
  }
  return current;
}

function indexOnce(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    if (typeof key !== "number") throw new Error(`cannot index slice/array with type ${typeof key}`);
    if (!(key in value)) throw new Error(`index out of range: ${key}`);
    return value[key];
  }
  if (typeof value !== "object" || value === null)
    throw new Error(`can't index item of type ${typeof value}`);
  const map = value as Record<string, unknown>;
  if (Object.hasOwn(map, String(key))) return map[String(key)];
  // a missing label is an empty text: in Go the map's type knows that, here its other values do
  return Object.values(map).every((one) => typeof one === "string") ? "" : undefined;
}

function sliceOf(value: unknown, from: unknown = 0, to?: unknown): unknown {
  if (typeof value !== "string" && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeof value}`);
  const end = to === undefined ? value.length : Number(to);
  if (Number(from) > value.length || end > value.length || end < Number(from))
    throw new Error(`error calling slice: index out of range: ${end}`);
  return value.slice(Number(from), end);
}

function asText(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new Error(
    `wrong type for value; expected string; got ${value === null || value === undefined ? "nil" : typeof value} (in ${name})`,
  );
}

function asList(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new Error(`wrong type for value; expected []string; got ${typeof value}`);
}
