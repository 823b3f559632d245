/** How Go's fmt shows values: `{{.X}}`, `print` and `printf` of templates. */

import { FIELD_ORDER, NIL } from "./go-marks.ts";

/** The text of `%v`. Maps are sorted by key; an absent value is "<nil>" inside others. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return goNumber(value);
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value === "object") {
    if (NIL in value) return "<nil>";
    if (FIELD_ORDER in value)
      return structText(value as Record<string, unknown>, value[FIELD_ORDER] as string[]);
    const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${pairs.map(([key, one]) => `${key}:${goText(one)}`).join(" ")}]`;
  }
  return String(value);
}

function structText(value: Record<string, unknown>, fields: readonly string[]): string {
  return `{${fields.map((name) => goText(value[name])).join(" ")}}`;
}

/** Integers in full, others as `%v` has them: an exponent from 1e21 on. */
function goNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

/** A double-quoted Go string (`%q`, strconv.Quote). */
export function goQuote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`; // spares the costly pattern below
  return `"${text.replace(/["\\]|\p{C}|[\u2028\u2029]/gu, escapeCharacter)}"`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
};

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short) return short;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

const VERB = /%(%|([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z]))/g;

/** `printf`, with the verbs that make sense for JSON values. */
export function goFormat(format: string, values: readonly unknown[]): string {
  let used = 0;
  const text = format.replace(
    VERB,
    (all, what: string, flags: string, width?: string, precision?: string, verb?: string) => {
      if (what === "%") return "%";
      if (used >= values.length) return `%!${verb}(MISSING)`;
      const shown = formatVerb(verb!, values[used++], {
        flags,
        precision: precision === undefined ? undefined : Number(precision),
      });
      return pad(
        shown ?? `%!${verb}(${typeof values[used - 1]}=${goText(values[used - 1])})`,
        flags,
        Number(width ?? 0),
        all,
      );
    },
  );
  const extra = values.slice(used).map((value) => `${typeof value}=${goText(value)}`);
  return extra.length > 0 ? `${text}%!(EXTRA ${extra.join(", ")})` : text;
}

function pad(text: string, flags: string, width: number, verb: string): string {
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || /[sqv]$/.test(verb)) return text.padStart(width);
  return text.startsWith("-") ? `-${text.slice(1).padStart(width - 1, "0")}` : text.padStart(width, "0");
}

interface VerbOptions {
  readonly flags: string;
  readonly precision: number | undefined;
}

/** Undefined when the verb does not fit the value. */
function formatVerb(verb: string, value: unknown, { flags, precision }: VerbOptions): string | undefined {
  if (verb === "v") return goText(value);
  if (verb === "t") return typeof value === "boolean" ? String(value) : undefined;
  if (verb === "s") return goText(value).slice(0, precision);
  if (verb === "q") return goQuote(goText(value));
  if (typeof value === "string") return verb === "x" ? Buffer.from(value).toString("hex") : undefined;
  if (typeof value !== "number") return undefined;
  const text = formatNumber(verb, value, precision);
  return text !== undefined && flags.includes("+") && value >= 0 ? `+${text}` : text;
}

function formatNumber(verb: string, value: number, precision: number | undefined): string | undefined {
  switch (verb) {
    case "d":
      return Number.isInteger(value) ? String(value) : undefined;
    case "x":
      return value.toString(16);
    case "X":
      return value.toString(16).toUpperCase();
    case "o":
      return value.toString(8);
    case "b":
      return value.toString(2);
    case "c":
      return String.fromCodePoint(value);
    case "f":
    case "F":
      return value.toFixed(precision ?? 6);
    case "e":
      return value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
    case "g":
      return precision === undefined ? goNumber(value) : goPrecision(value, precision);
    default:
      return undefined;
  }
}

/** `%.3g`: significant digits without trailing zeros, an exponent when there are more digits than asked for. */
export function goPrecision(value: number, digits: number): string {
  const text = value.toPrecision(digits);
  const [mantissa, exponent] = text.split("e") as [string, string?];
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace(/^([+-])(\d)$/, "$10$2")}`;
}
