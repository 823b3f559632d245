/** JSON as Go writes it: HTML's characters escaped, two spaces of indent. Pure. */
import { InvalidArgument } from "#base/errors.ts";
import { goFloat } from "./go-text.ts";
import type { PrintNode } from "./print-tree.ts";

/** @param indent "" for one line without blanks */
export function printJson(node: PrintNode, indent = "", margin = ""): string {
  if (typeof node !== "object" || node === null) return printScalar(node);
  const inner = margin + indent;
  const isMap = "entries" in node;
  const parts = isMap
    ? node.entries.map(
        ([key, value]) => `${quote(key)}:${indent ? " " : ""}${printJson(value, indent, inner)}`,
      )
    : node.items.map((item) => printJson(item, indent, inner));
  const [open, close] = isMap ? "{}" : "[]";
  if (parts.length === 0) return `${open}${close}`;
  if (indent === "") return `${open}${parts.join(",")}${close}`;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${margin}${close}`;
}

function printScalar(value: string | number | bigint | boolean | null): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new InvalidArgument(`json: unsupported value: ${goFloat(value)}`);
  return String(value);
}

function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
