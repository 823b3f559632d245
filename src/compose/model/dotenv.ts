/**
 * Files of variables, as `docker compose` reads them: `.env`, `--env-file` and `env_file`. Pure.
 * @see https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
import { type Lookup, substitute } from "./template.ts";

export interface DotenvOptions {
  /** Goes before what the file set already. */
  readonly lookup: Lookup;
  readonly onUnset?: (name: string) => void;
}

/** What a file of variables is wrong about; `line` counts from 1. */
export class DotenvError extends Error {
  override readonly name = "DotenvError";
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
  }
}

/**
 * Adds the file's variables to `into`.
 * @throws DotenvError, TemplateError
 */
export function parseDotenv(text: string, into: Map<string, string>, options: DotenvOptions): void {
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  let at = nextStatement(source, 0);
  while (at < source.length) {
    const key = readKey(source, at);
    at = key.end;
    if (key.isInherited) {
      const value = options.lookup(key.name);
      if (value !== undefined) into.set(key.name, value);
    } else {
      const value = readValue(source, at);
      at = value.end;
      into.set(key.name, value.expands ? expand(value.text, into, options) : value.text);
    }
    at = nextStatement(source, at);
  }
}

/**
 * Values as they stand, for `format: raw`: what follows the first "=" of a line.
 * @throws DotenvError
 */
export function parseRawEnv(text: string, into: Map<string, string>, { lookup }: DotenvOptions): void {
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trimStart();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const equals = trimmed.indexOf("=");
    const name = equals < 0 ? trimmed : trimmed.slice(0, equals);
    if (name === "") throw new DotenvError(index + 1, `no variable name on line '${trimmed}'`);
    if (/[ \t]/.test(name)) throw new DotenvError(index + 1, `variable '${name}' contains whitespaces`);
    const value = equals < 0 ? lookup(name) : trimmed.slice(equals + 1);
    if (value !== undefined) into.set(name, value);
  }
}

function expand(text: string, into: ReadonlyMap<string, string>, { lookup, onUnset }: DotenvOptions): string {
  return substitute(text, { lookup: (name) => lookup(name) ?? into.get(name), onUnset });
}

/** Over blanks and comments. */
function nextStatement(source: string, from: number): number {
  let at = from;
  while (at < source.length) {
    if (/\s/.test(source[at]!)) at++;
    else if (source[at] === "#") {
      const newline = source.indexOf("\n", at);
      at = newline < 0 ? source.length : newline;
    } else break;
  }
  return at;
}

interface Key {
  readonly name: string;
  /** Only named: the value comes from outside. */
  readonly isInherited: boolean;
  readonly end: number;
}

function readKey(source: string, from: number): Key {
  const exported = /export[^\S\n]+/y;
  exported.lastIndex = from;
  const start = exported.test(source) ? exported.lastIndex : from;
  if (start >= source.length) throw new DotenvError(lineOf(source, from), "zero length string");
  let end = start;
  while (end < source.length && !"=:\n".includes(source[end]!)) {
    if (!/[\p{L}\p{N}_.\-[\]\s]/u.test(source[end]!)) {
      const shown = JSON.stringify(restOfLine(source, start));
      const reason = `unexpected character ${JSON.stringify(source[end])} in variable name ${shown}`;
      throw new DotenvError(lineOf(source, end), reason);
    }
    end++;
  }
  const name = source.slice(start, end).trimEnd();
  if (name.includes(" ")) throw new DotenvError(lineOf(source, start), "key cannot contain a space");
  const isInherited = end >= source.length || source[end] === "\n";
  return { name, isInherited, end: end + 1 };
}

interface Value {
  readonly text: string;
  readonly expands: boolean;
  readonly end: number;
}

function readValue(source: string, from: number): Value {
  let start = from;
  while (start < source.length && /[^\S\n]/.test(source[start]!)) start++;
  const quote = source[start];
  if (quote === '"' || quote === "'") return readQuoted(source, start, quote);
  const line = restOfLine(source, start);
  const comment = line.indexOf(" #");
  const text = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  return { text, expands: true, end: start + line.length };
}

/** Until the same quote, over lines; a backslash keeps the quote after it, and stays before anything else. */
function readQuoted(source: string, start: number, quote: string): Value {
  let text = "";
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at]!;
    if (char === quote) {
      const expands = quote === '"';
      return { text: expands ? expandEscapes(text) : text, expands, end: at + 1 };
    }
    if (char === "\\" && at + 1 < source.length) {
      at++;
      text += source[at] === quote ? quote : `\\${source[at]}`;
    } else text += char;
  }
  const reason = `unterminated quoted value ${restOfLine(source, start)}`;
  throw new DotenvError(lineOf(source, start), reason);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  '"': '"',
  "\\": "\\",
  $: "$$", // a dollar that begins no variable
};

function expandEscapes(text: string): string {
  return text.replace(/\\(?:([abfnrtv$"\\])|0(\d{3}))/g, (found, char?: string, octal?: string) => {
    if (char !== undefined) return ESCAPES[char]!;
    return /^[0-3][0-7]{2}$/.test(octal!) ? String.fromCodePoint(Number.parseInt(octal!, 8)) : found;
  });
}

function restOfLine(source: string, from: number): string {
  const newline = source.indexOf("\n", from);
  return source.slice(from, newline < 0 ? source.length : newline);
}

function lineOf(source: string, at: number): number {
  let line = 1;
  for (
    let newline = source.indexOf("\n");
    newline >= 0 && newline < at;
    newline = source.indexOf("\n", newline + 1)
  )
    line++;
  return line;
}
