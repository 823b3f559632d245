import { InvalidArgument } from "./errors.ts";
import { parseDurationMs } from "./units.ts";

/** Docker's `filters` query: for each key the values asked for. An absent key asks for nothing. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/**
 * Reads the query value in both forms clients send: `{"label":["a"]}` and the older `{"label":{"a":true}}`.
 * @throws InvalidArgument when it is neither
 */
export function decodeFilters(text: string | null | undefined): Filters {
  if (!text) return {};
  const value = parseJson(text);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalidFilters("expected a JSON object");
  const fields = Object.entries(value as Record<string, unknown>).map(([key, values]) => [
    key,
    valuesOf(key, values),
  ]);
  return Object.fromEntries(fields);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidFilters((error as Error).message);
  }
}

function valuesOf(key: string, values: unknown): string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === "string"))
    return [...new Set(values)];
  const isLegacy = typeof values === "object" && values !== null && !Array.isArray(values);
  if (isLegacy && Object.values(values).every((value) => typeof value === "boolean"))
    return Object.keys(values);
  throw invalidFilters(`expected a list of texts for '${key}'`);
}

function invalidFilters(reason: string): InvalidArgument {
  return new InvalidArgument(`invalid filters: ${reason}`);
}

/** The query value for these filters; empty text when there are none. */
export function encodeFilters(filters: Filters): string {
  const asked = Object.entries(filters).filter(([, values]) => values.length > 0);
  if (asked.length === 0) return "";
  return JSON.stringify(
    Object.fromEntries(
      asked.map(([key, values]) => [key, Object.fromEntries(values.map((value) => [value, true]))]),
    ),
  );
}

/** @throws InvalidArgument "invalid filter 'KEY'" for a key this endpoint does not know */
export function checkFilterKeys(filters: Filters, accepted: readonly string[]): void {
  for (const key of Object.keys(filters)) {
    if (!accepted.includes(key)) throw new InvalidArgument(`invalid filter '${key}'`);
  }
}

export function filterValues(filters: Filters, key: string): readonly string[] {
  return Object.hasOwn(filters, key) ? filters[key]! : [];
}

export function hasFilter(filters: Filters, key: string): boolean {
  return filterValues(filters, key).length > 0;
}

/** Whether nothing was asked, or one of the values is `text`. */
export function matchesExactly(filters: Filters, key: string, text: string): boolean {
  const values = filterValues(filters, key);
  return values.length === 0 || values.includes(text);
}

/** Whether nothing was asked, or `text` begins with one of the values. */
export function matchesPrefix(filters: Filters, key: string, text: string): boolean {
  const values = filterValues(filters, key);
  return values.length === 0 || values.some((value) => text.startsWith(value));
}

/**
 * Whether nothing was asked, or one of the values is `text` or a pattern (regular expression) found in it. A value
 * that is no valid pattern matches only itself.
 */
export function matchesPattern(filters: Filters, key: string, text: string): boolean {
  const values = filterValues(filters, key);
  return values.length === 0 || values.some((value) => value === text || patternFinds(value, text));
}

function patternFinds(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}

/** Whether every "KEY" or "KEY=VALUE" asked for under `key` is among the labels. */
export function matchesLabels(
  filters: Filters,
  key: string,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  return filterValues(filters, key).every((wanted) => hasLabel(wanted, labels ?? {}));
}

/** The "label" and "label!" filters together, as prune and list take them: all of the first, none of the second. */
export function matchesLabelFilters(
  filters: Filters,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  const unwanted = filterValues(filters, "label!");
  return matchesLabels(filters, "label", labels) && !unwanted.some((one) => hasLabel(one, labels ?? {}));
}

function hasLabel(wanted: string, labels: Readonly<Record<string, string>>): boolean {
  const equals = wanted.indexOf("=");
  const name = equals < 0 ? wanted : wanted.slice(0, equals);
  return Object.hasOwn(labels, name) && (equals < 0 || labels[name] === wanted.slice(equals + 1));
}

/**
 * A filter that is a yes or no ("dangling").
 * @throws InvalidArgument when the value is neither, or both were asked
 */
export function booleanFilter(filters: Filters, key: string, fallback: boolean): boolean {
  const values = filterValues(filters, key);
  if (values.length === 0) return fallback;
  const isYes = values.some((value) => value === "1" || value.toLowerCase() === "true");
  const isNo = values.some((value) => value === "0" || value.toLowerCase() === "false");
  if (isYes === isNo) throw new InvalidArgument(`invalid filter '${key}=[${values.join(" ")}]'`);
  return isYes;
}

/**
 * The moment an "until" filter names.
 * @returns milliseconds since 1970; undefined when it was not asked for
 * @throws InvalidArgument for several of them, or a value that is no time
 */
export function untilFilterMs(filters: Filters, nowMs: number): number | undefined {
  const values = filterValues(filters, "until");
  if (values.length > 1) throw new InvalidArgument("more than one until filter specified");
  return values.length === 0 ? undefined : parseMomentMs(values[0]!, nowMs);
}

/**
 * A moment as Docker's flags take it: a Go duration before now ("10m"), a date (RFC 3339 or a part of it), or seconds
 * since 1970.
 * @returns milliseconds since 1970
 */
export function parseMomentMs(text: string, nowMs: number): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^[\d.]+(?:ns|us|µs|ms|s|m|h)/.test(text)) return nowMs - parseDurationMs(text);
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw new InvalidArgument(`failed to parse value as time or duration: "${text}"`);
  return date;
}
