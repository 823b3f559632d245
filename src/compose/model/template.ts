/** Variables in strings: `$A`, `${A}`, `${A:-default}` and the rest of the Compose Specification's forms. Pure. */

export type Lookup = (name: string) => string | undefined;

export interface TemplateOptions {
  readonly lookup: Lookup;
  /** A variable without a value and without a default was replaced by nothing. */
  readonly onUnset?: (name: string) => void;
}

/** `problem` says which of the two ways a template can fail. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly problem: "syntax" | "required";

  constructor(problem: "syntax" | "required", message: string) {
    super(message);
    this.problem = problem;
  }
}

/** Greedy to the line's last brace: which brace closes is found by counting. */
const VARIABLE = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{(?:([_a-z][_a-z0-9]*(?::?[-+?][^\n]*)?)\}|()))/gi;
const DEEPEST_NESTING = 64;

/** @throws TemplateError */
export function substitute(template: string, options: TemplateOptions, depth = 0): string {
  if (depth > DEEPEST_NESTING) throw new TemplateError("syntax", "variables are nested too deep");
  if (!template.includes("$")) return template;
  return template.replace(VARIABLE, (found: string, escaped?: string, named?: string, braced?: string) => {
    if (escaped) return "$";
    if (named) return variableValue(named, options);
    if (!braced) throw new TemplateError("syntax", template);
    return replaceBraced(found, { template, options, depth });
  });
}

interface Around {
  readonly template: string;
  readonly options: TemplateOptions;
  readonly depth: number;
}

function replaceBraced(found: string, { template, options, depth }: Around): string {
  const end = closingBrace(found);
  const rest = end < 0 ? "" : found.slice(end + 1);
  const inner = found.slice(2, end < 0 ? -1 : end);
  const match = /^([_a-z][_a-z0-9]*)(?:(:?[-+?])([^\n]*))?$/i.exec(inner);
  if (!match) throw new TemplateError("syntax", template);
  const [, name, operator, word = ""] = match;
  if (!operator) return variableValue(name!, options) + substitute(rest, options, depth + 1);
  const value = applyOperator({ name: name!, operator, word }, options, depth);
  return value + substitute(rest, options, depth + 1);
}

interface Operation {
  readonly name: string;
  /** "-", "+" or "?", after ":" when an empty value counts as none. */
  readonly operator: string;
  readonly word: string;
}

function applyOperator({ name, operator, word }: Operation, options: TemplateOptions, depth: number): string {
  const value = options.lookup(name);
  const isThere = value !== undefined && !(operator.startsWith(":") && value === "");
  const wordValue = () => substitute(word, options, depth + 1);
  switch (operator.at(-1)) {
    case "-":
      return isThere ? value : wordValue();
    case "+":
      return isThere ? wordValue() : (value ?? "");
    default: {
      if (isThere) return value;
      const reason = wordValue();
      throw new TemplateError(
        "required",
        `required variable ${name} is missing a value${reason === "" ? "" : `: ${reason}`}`,
      );
    }
  }
}

/** Position of the brace that closes the first one; an opening brace hides the character after it. -1: none does. */
function closingBrace(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "}" && --open === 0) return at;
    if (text[at] === "{") {
      open++;
      at++;
    }
  }
  return -1;
}

function variableValue(name: string, { lookup, onUnset }: TemplateOptions): string {
  const value = lookup(name);
  if (value === undefined) onUnset?.(name);
  return value ?? "";
}
