/** YAML as Compose's own encoder writes it: indent 2, lists indented, lines folded at 80 columns. Pure. */
import { goFloat } from "./go-text.ts";
import type { PrintNode } from "./print-tree.ts";
import { resolvePlainScalar } from "./yaml-scalar.ts";

const WIDTH = 80;

export function printYaml(node: PrintNode): string {
  if (isEmpty(node)) return `${emptyText(node)}\n`;
  return typeof node === "object" && node !== null
    ? block(node, 0)
    : `${scalar(node, { column: 0, indent: 0 })}\n`;
}

function isEmpty(node: PrintNode): boolean {
  if (typeof node !== "object" || node === null) return false;
  return "entries" in node ? node.entries.length === 0 : node.items.length === 0;
}

function emptyText(node: PrintNode): string {
  return typeof node === "object" && node !== null && "entries" in node ? "{}" : "[]";
}

/** The lines of a container that is not empty, each with its indent. */
function block(node: PrintNode & object, indent: number): string {
  const margin = " ".repeat(indent);
  if ("entries" in node)
    return node.entries.map(([key, value]) => margin + entry(key, value, indent)).join("");
  return node.items.map((item) => `${margin}- ${listItem(item, indent)}`).join("");
}

/** Bytes of a key beyond which it is marked as one. */
const LONGEST_KEY = 128;

function entry(key: string, value: PrintNode, indent: number): string {
  const isLong = Buffer.byteLength(key) > LONGEST_KEY || key.includes("\n");
  if (isLong && (typeof value !== "object" || value === null)) return longEntry(key, value, indent);
  const name = scalar(key, { column: indent, indent, isKey: true });
  if (isEmpty(value)) return `${name}: ${emptyText(value)}\n`;
  if (typeof value === "object" && value !== null) return `${name}:\n${block(value, indent + 2)}`;
  const text = scalar(value, { column: indent + name.length + 2, indent: indent + 2 });
  return text === "" ? `${name}:\n` : `${name}: ${text}\n`;
}

function longEntry(key: string, value: string | number | bigint | boolean | null, indent: number): string {
  const where = { column: indent + 2, indent: indent + 2 };
  return `? ${scalar(key, where)}\n${" ".repeat(indent)}: ${scalar(value, where)}\n`;
}

/** A container inside a list begins on the line of its dash. */
function listItem(item: PrintNode, indent: number): string {
  if (isEmpty(item)) return `${emptyText(item)}\n`;
  if (typeof item === "object" && item !== null) return block(item, indent + 2).slice(indent + 2);
  return `${scalar(item, { column: indent + 2, indent: indent + 2 })}\n`;
}

interface Where {
  /** Of the scalar's first character. */
  readonly column: number;
  /** Of the lines that follow. */
  readonly indent: number;
  readonly isKey?: boolean;
}

function scalar(value: string | number | bigint | boolean | null, where: Where): string {
  if (typeof value === "string") return text(value, where);
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Number.isSafeInteger(value)) return String(value);
  return goFloat(value)
    .replace(/^\+Inf$/, ".inf")
    .replace(/^-Inf$/, "-.inf")
    .replace(/^NaN$/, ".nan");
}

function text(value: string, where: Where): string {
  switch (styleOf(value, where.isKey ?? false)) {
    case "plain":
      return fold(value, where, "");
    case "single":
      return `'${fold(value.replaceAll("'", "''"), { ...where, column: where.column + 1 }, "")}'`;
    case "literal":
      return literal(value, where.indent);
    default:
      return `"${fold(escaped(value), { ...where, column: where.column + 1 }, "\\")}"`;
  }
}

type Style = "plain" | "single" | "double" | "literal";

/** What YAML 1.1 reads as something else is quoted too. */
const OLD_WORDS = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

function styleOf(value: string, isKey: boolean): Style {
  const allowed = analyze(value);
  if (value.includes("\n")) {
    const isShown = value.length > 1 && /\S/.test(value);
    return isShown && allowed.block && !isKey ? "literal" : "double";
  }
  const isOld = OLD_WORDS.test(value) || BASE_60.test(value) || value === "<<";
  if (isOld) return "single";
  if (resolvePlainScalar(value).kind !== "string") return "double";
  if (allowed.plain) return "plain";
  return allowed.single ? "single" : "double";
}

/** The encoder writes nothing beyond the basic plane as it is. */
const UNPRINTABLE = /[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

/** Which styles can carry a string. */
function analyze(value: string): { plain: boolean; single: boolean; block: boolean } {
  const isSpecial = UNPRINTABLE.test(value);
  const hasSpaceBreak = / [\n\r\x85\u2028\u2029]/.test(value);
  const hasBreakSpace = /[\n\r\x85\u2028\u2029] /.test(value);
  const hasBreak = /[\n\r\x85\u2028\u2029]/.test(value);
  const isUnquotable = hasSpaceBreak || value.includes("\t") || isSpecial;
  const isEdged = /^[ \n\r\x85\u2028\u2029]|[ \n\r\x85\u2028\u2029]$/.test(value);
  const plain = !(isEdged || hasBreak || isUnquotable || hasIndicator(value));
  return {
    plain,
    single: !(hasBreakSpace || isUnquotable),
    block: !(value.endsWith(" ") || hasSpaceBreak || isSpecial),
  };
}

/** Characters that begin something else in YAML. */
function hasIndicator(value: string): boolean {
  return (
    /^(?:---|\.\.\.)/.test(value) ||
    /^[#,[\]{}&*!|>'"%@`]/.test(value) ||
    /^[?:-](?:\s|$)/.test(value) ||
    /:(?:\s|$)/.test(value.slice(1)) ||
    /\s#/.test(value)
  );
}

function literal(value: string, indent: number): string {
  const hint = value.startsWith(" ") ? "2" : "";
  const chomp = !value.endsWith("\n") ? "-" : value === "\n" || value.endsWith("\n\n") ? "+" : "";
  const margin = " ".repeat(indent);
  const lines = value.replace(/\n$/, "").split("\n");
  return `|${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : margin + line)).join("\n")}`;
}

/** A line that is past the width goes on below at its next single blank. */
function fold(value: string, { column, indent, isKey }: Where, mark: string): string {
  if (isKey || value.length + column <= WIDTH) return value;
  const characters = [...value];
  let folded = "";
  let at = column;
  let afterSpace = false;
  for (const [index, char] of characters.entries()) {
    const isInside = mark === "" && index === 0 ? false : index > 0 && index < characters.length - 1;
    const next = characters[index + 1];
    const breaks = char === " " && !afterSpace && at > WIDTH && isInside && (mark !== "" || next !== " ");
    if (breaks) {
      folded += `\n${" ".repeat(indent)}${next === " " ? mark : ""}`;
      at = indent;
    } else {
      folded += char;
      at++;
    }
    afterSpace = char === " ";
  }
  return folded;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function escaped(value: string): string {
  const startsWithMark = value.startsWith("\ufeff"); // for the encoder every character is a byte order mark then
  return [...value]
    .map((char) => {
      const isPlain = !startsWithMark && /[\x20-\x7e\xa1-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u.test(char);
      if (isPlain && !/["\\\u2028\u2029]/.test(char)) return char;
      return ESCAPES[char] ?? hexEscape(char.codePointAt(0)!);
    })
    .join("");
}

function hexEscape(code: number): string {
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
