/** The variables that a project's files mention. Pure. */
import { isMap, type Tree } from "./tree.ts";

export interface Variable {
  readonly name: string;
  readonly defaultValue: string;
  /** What stands in its place when it is set. */
  readonly presenceValue: string;
  /** Somewhere the project cannot be loaded without it. */
  readonly isRequired: boolean;
}

/** By name, in order; what is said of a variable anywhere is said of it. */
export function variablesOf(tree: Tree): Variable[] {
  const found = new Map<string, Variable>();
  collect(tree, (variable) => {
    const known = found.get(variable.name);
    found.set(variable.name, {
      name: variable.name,
      defaultValue: known?.defaultValue || variable.defaultValue,
      presenceValue: known?.presenceValue || variable.presenceValue,
      isRequired: (known?.isRequired ?? false) || variable.isRequired,
    });
  });
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function collect(value: Tree, take: (variable: Variable) => void): void {
  if (typeof value === "string") scan(value, take);
  else if (Array.isArray(value)) for (const item of value) collect(item, take);
  else if (isMap(value)) for (const key of Object.keys(value)) collect(value[key]!, take);
}

const START = /\$(?:\$|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(:?[-+?])?)/gi;

/** Every `$` begins a variable or escapes another; words of defaults are looked into as they come. */
function scan(text: string, take: (variable: Variable) => void): void {
  for (const match of text.matchAll(START)) {
    const [found, plain, braced, operator = ""] = match;
    const name = plain ?? braced;
    if (name === undefined) continue;
    const word = operator === "" ? "" : wordFrom(text, match.index + found.length);
    const kind = operator.at(-1);
    take({
      name,
      defaultValue: kind === "-" ? word : "",
      presenceValue: kind === "+" ? word : "",
      isRequired: kind === "?",
    });
  }
}

/** Up to the brace that closes the variable. */
function wordFrom(text: string, start: number): string {
  let open = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "{") open++;
    else if (text[at] === "}" && --open === 0) return text.slice(start, at);
  }
  return text.slice(start);
}

export function variablesTable(variables: readonly Variable[]): string {
  const rows = [
    ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"],
    ...variables.map(({ name, isRequired, defaultValue, presenceValue }) => [
      name,
      String(isRequired),
      defaultValue,
      presenceValue,
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(20, ...rows.map((row) => row[column]!.length + 3)));
  return rows.map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("")}\n`).join("");
}
