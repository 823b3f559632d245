/** The kinds of values flags have, with the names and error texts Docker's users know. */
import type { Filters } from "#base/filters.ts";
import { parseBytes, parseDurationMs } from "#base/units.ts";
import type { FlagSpec } from "./flags.ts";
import { splitPair } from "./parse/pair.ts";

interface FlagOptions {
  readonly short?: string;
  readonly hidden?: boolean;
  readonly deprecated?: string;
  readonly aliasOf?: string;
  readonly shownDefault?: string;
}

export function bool(
  text: string,
  options: FlagOptions & { readonly initial?: boolean } = {},
): FlagSpec<boolean> {
  return { type: "", text, initial: false, alone: "true", parse: parseBool, ...options };
}

function parseBool(text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export interface StringOptions extends FlagOptions {
  readonly initial?: string;
  /** Help's word for the value. Default "string". */
  readonly type?: string;
}

export function string(text: string, options: StringOptions = {}): FlagSpec<string> {
  return { type: "string", text, initial: "", parse: (value) => value, ...options };
}

export interface ListOptions extends FlagOptions {
  readonly type?: string;
  /** Checks and may rewrite a value. */
  readonly each?: (text: string) => string;
}

/** Given once for each value. */
export function list(text: string, options: ListOptions = {}): FlagSpec<readonly string[]> {
  const { each } = options;
  const parse = (value: string, before: readonly string[]) => [...before, each ? each(value) : value];
  return { type: "list", text, initial: [], parse, ...options };
}

/** Values separated by commas, in one flag or several. */
export function strings(text: string, options: FlagOptions = {}): FlagSpec<readonly string[]> {
  const parse = (value: string, before: readonly string[]) =>
    value === "" ? before : [...before, ...splitCsv(value)];
  return { type: "strings", text, initial: [], parse, ...options };
}

/** A list whose values are read into something else at once. */
export function parsedList<T>(
  text: string,
  options: FlagOptions & { readonly type?: string; readonly each: (text: string) => T },
): FlagSpec<readonly T[]> {
  const parse = (value: string, before: readonly T[]) => [...before, options.each(value)];
  return { type: "list", text, initial: [], parse, ...options };
}

/** KEY=VALUE pairs, one for each flag; a later one replaces an earlier one. */
export function map(
  text: string,
  options: FlagOptions & { readonly check?: (text: string) => void } = {},
): FlagSpec<Readonly<Record<string, string>>> {
  const parse = (value: string, before: Readonly<Record<string, string>>) => {
    options.check?.(value);
    const [key, one = ""] = splitPair(value);
    return { ...before, [key]: one };
  };
  return { type: "map", text, initial: {}, shownDefault: "map[]", parse, ...options };
}

/** KEY=VALUE pairs separated by commas. */
export function stringToString(
  text: string,
  options: FlagOptions = {},
): FlagSpec<Readonly<Record<string, string>>> {
  return {
    type: "stringToString",
    text,
    initial: {},
    shownDefault: "[]",
    ...options,
    parse: (value, before) => ({ ...before, ...Object.fromEntries(splitCsv(value).map(requirePair)) }),
  };
}

function requirePair(pair: string): [string, string] {
  const [key, value] = splitPair(pair);
  if (value === undefined) throw new Error(`${pair} must be formatted as key=value`);
  return [key, value];
}

/** KEY=VALUE conditions; values of one key are collected. */
export function filter(text: string, options: FlagOptions = {}): FlagSpec<Filters> {
  return {
    type: "filter",
    text,
    initial: {},
    ...options,
    parse: (value, before) => {
      if (value === "") return before;
      const [name, condition] = splitPair(value);
      if (condition === undefined) throw new Error("bad format of filter (expected name=value)");
      const key = name.trim().toLowerCase();
      return { ...before, [key]: [...(before[key] ?? []), condition.trim()] };
    },
  };
}

interface IntegerOptions extends FlagOptions {
  readonly initial?: number;
}

const INT64_MAX = 9223372036854775807n;
const UINT64_MAX = 18446744073709551615n;

export function int(text: string, options: IntegerOptions = {}): FlagSpec<number> {
  const parse = (value: string) =>
    parseInteger(value, { name: "ParseInt", min: -INT64_MAX - 1n, max: INT64_MAX });
  return { type: "int", text, initial: 0, parse, ...options };
}

export function uint(text: string, options: IntegerOptions = {}): FlagSpec<number> {
  const parse = (value: string) => parseInteger(value, { name: "ParseUint", min: 0n, max: UINT64_MAX });
  return { type: "uint", text, initial: 0, parse, ...options };
}

export function uint16(text: string, options: IntegerOptions = {}): FlagSpec<number> {
  const parse = (value: string) => parseInteger(value, { name: "ParseUint", min: 0n, max: 65535n });
  return { type: "uint16", text, initial: 0, shownDefault: "0", parse, ...options };
}

interface IntegerKind {
  /** Go's function of this kind: it is named in messages. */
  readonly name: string;
  readonly min: bigint;
  readonly max: bigint;
}

function parseInteger(text: string, { name, min, max }: IntegerKind): number {
  const failure = (reason: string) =>
    new Error(`strconv.${name}: parsing ${JSON.stringify(text)}: ${reason}`);
  if (!(min < 0n ? /^[+-]?\d+$/ : /^\d+$/).test(text)) throw failure("invalid syntax");
  const number = BigInt(text.replace(/^\+/, ""));
  if (number < min || number > max) throw failure("value out of range");
  return Number(number);
}

/** Sizes in binary multiples; the value is bytes. @param allowUnlimited also "-1" */
export function bytes(
  text: string,
  options: FlagOptions & { readonly allowUnlimited?: boolean } = {},
): FlagSpec<number> {
  const parse = (value: string) => (options.allowUnlimited && value === "-1" ? -1 : parseBytes(value));
  return { type: "bytes", text, initial: 0, parse, ...options };
}

/** Go durations; the value is nanoseconds, as the API has them. */
export function duration(text: string, options: FlagOptions = {}): FlagSpec<number> {
  return {
    type: "duration",
    text,
    initial: 0,
    shownDefault: "0s",
    ...options,
    parse: (value) => Math.round(parseDurationMs(value) * 1e6),
  };
}

/** A number of CPUs such as "1.5" or "1/2"; the value is billionths. */
export function cpus(text: string, options: FlagOptions = {}): FlagSpec<number> {
  return { type: "decimal", text, initial: 0, ...options, parse: parseCpus };
}

function parseCpus(text: string): number {
  const match = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:\/(\d+))?$/.exec(text);
  if (!match || Number(match[2] ?? 1) === 0) throw new Error(`failed to parse ${text} as a rational number`);
  const nanos = (Number(match[1]) / Number(match[2] ?? 1)) * 1e9;
  if (Math.abs(nanos - Math.round(nanos)) > 1e-6 * Math.max(1, Math.abs(nanos) * 1e-9))
    throw new Error("value is too precise");
  return Math.round(nanos);
}

/** Splits at commas; double quotes hold a comma in, and are written twice to mean one. @throws Error like Go's CSV reader */
export function splitCsv(text: string): string[] {
  if (text === "") throw new Error("EOF");
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at);
    fields.push(field.value);
    if (field.end >= text.length) return fields;
    at = field.end + 1;
  }
}

function plainField(text: string, start: number): { value: string; end: number } {
  const comma = text.indexOf(",", start);
  const end = comma < 0 ? text.length : comma;
  const value = text.slice(start, end);
  const quoteAt = value.indexOf('"');
  if (quoteAt >= 0)
    throw new Error(`parse error on line 1, column ${start + quoteAt + 1}: bare " in non-quoted-field`);
  return { value, end };
}

function quotedField(text: string, start: number): { value: string; end: number } {
  const match = /"((?:[^"]|"")*)"(?=,|$)/y;
  match.lastIndex = start;
  const found = match.exec(text);
  if (!found)
    throw new Error(
      `parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`,
    );
  return { value: found[1]!.replaceAll('""', '"'), end: match.lastIndex };
}
