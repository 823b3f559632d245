/** Go's text/template, third step: values into text. */
import { goText } from "./go-print.ts";
import {
  FUNCTION_NAMES,
  isTrue,
  SHORT_CIRCUIT,
  TEMPLATE_FUNCTIONS,
  type TemplateFunction,
} from "./template-functions.ts";
import { isTemplateObject } from "./template-object.ts";
import { type Call, type Pipe, parseTemplate, type TemplateNode, type Term } from "./template-parse.ts";

/** A template that cannot be applied to these values. The message has Go's form. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

export interface TemplateOptions {
  /** Appears in messages. */
  readonly name?: string;
  readonly functions?: Readonly<Record<string, TemplateFunction>>;
  /** "error": a field that a map has not is an error; "noValue" shows "<no value>". Default "noValue". */
  readonly missingKey?: "error" | "noValue";
}

export type Template = (data: unknown) => string;

/**
 * Reads a template once; the function it returns fills it in and throws TemplateError.
 * @throws TemplateSyntaxError
 */
export function compileTemplate(source: string, options: TemplateOptions = {}): Template {
  const name = options.name ?? "";
  const nodes = parseTemplate(name, source, FUNCTION_NAMES);
  const settings = {
    name,
    source,
    functions: options.functions ?? TEMPLATE_FUNCTIONS,
    missingKey: options.missingKey ?? "noValue",
  };
  return (data) => {
    const evaluation = new Evaluation(settings, data);
    evaluation.list(nodes, data);
    return evaluation.text;
  };
}

type Settings = Required<TemplateOptions> & { readonly source: string };
type Leaving = "break" | "continue" | undefined;

class Evaluation {
  text = "";
  readonly #settings: Settings;
  readonly #variables: { readonly name: string; value: unknown }[];

  constructor(settings: Settings, data: unknown) {
    this.#settings = settings;
    this.#variables = [{ name: "$", value: data }];
  }

  list(nodes: readonly TemplateNode[], dot: unknown): Leaving {
    const scope = this.#variables.length;
    for (const node of nodes) {
      const leaving = this.#node(node, dot);
      if (leaving) {
        this.#variables.length = scope;
        return leaving;
      }
    }
    this.#variables.length = scope;
    return undefined;
  }

  #node(node: TemplateNode, dot: unknown): Leaving {
    switch (node.kind) {
      case "text":
        this.text += node.text;
        return undefined;
      case "action": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.text += showValue(value);
        return undefined;
      }
      case "break":
      case "continue":
        return node.kind;
      case "range":
        return this.#range(node, dot);
      default: {
        const scope = this.#variables.length;
        const value = this.#pipe(node.pipe, dot);
        const [body, inner] = isTrue(value)
          ? [node.body, node.kind === "with" ? value : dot]
          : [node.otherwise, dot];
        const leaving = this.list(body, inner);
        this.#variables.length = scope;
        return leaving;
      }
    }
  }

  #range(node: Extract<TemplateNode, { kind: "range" | "if" | "with" }>, dot: unknown): Leaving {
    const scope = this.#variables.length;
    const value = this.#calls(node.pipe.calls, dot);
    const entries = entriesOf(value);
    if (!entries) throw this.#failure(node.pipe.calls[0]![0]!, `range can't iterate over ${goText(value)}`);
    for (const [key, element] of entries) {
      this.#declareElement(node.pipe.variables, key, element);
      const leaving = this.list(node.body, element);
      this.#variables.length = scope;
      if (leaving === "break") return undefined;
    }
    return entries.length === 0 ? this.list(node.otherwise, dot) : undefined;
  }

  #declareElement(names: readonly string[], key: unknown, element: unknown): void {
    const [first, second] = names;
    if (second !== undefined)
      this.#variables.push({ name: first!, value: key }, { name: second, value: element });
    else if (first !== undefined) this.#variables.push({ name: first, value: element });
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    const value = this.#calls(pipe.calls, dot);
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#variable(name, pipe.calls[0]![0]!).value = value;
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #calls(calls: readonly Call[], dot: unknown): unknown {
    let piped: { readonly value: unknown } | undefined;
    for (const call of calls) piped = { value: this.#call(call, dot, piped) };
    return piped!.value;
  }

  #call(call: Call, dot: unknown, piped: { readonly value: unknown } | undefined): unknown {
    const [head, ...rest] = call as readonly [Term, ...Term[]];
    if (head.operand.kind === "nil") throw this.#failure(head, "nil is not a command");
    if (head.operand.kind === "function" && SHORT_CIRCUIT.has(head.operand.name))
      return this.#shortCircuit(head.operand.name, rest, dot, piped);
    const values = [...rest.map((term) => this.#term(term, dot)), ...(piped ? [piped.value] : [])];
    const value = this.#term(head, dot, values);
    if (values.length > 0 && !isCallable(head, value))
      throw this.#failure(head, `can't give argument to non-function ${head.source}`);
    return isMethod(value) ? this.#invoke(head, value, values) : value;
  }

  /** "and" and "or" stop at the first argument that decides. */
  #shortCircuit(
    name: string,
    terms: readonly Term[],
    dot: unknown,
    piped: { readonly value: unknown } | undefined,
  ): unknown {
    let value: unknown;
    for (const term of terms) {
      value = this.#term(term, dot);
      if (isTrue(value) === (name === "or")) return value;
    }
    return piped ? piped.value : value;
  }

  #term(term: Term, dot: unknown, argumentsOfCall: readonly unknown[] = []): unknown {
    let value = this.#operand(term, dot, term.fields.length === 0 ? argumentsOfCall : []);
    for (const [index, field] of term.fields.entries()) {
      value = this.#field(value, field, term);
      const isLast = index === term.fields.length - 1;
      if (isMethod(value) && !(isLast && argumentsOfCall.length > 0)) value = this.#invoke(term, value, []);
    }
    return value;
  }

  #operand(term: Term, dot: unknown, values: readonly unknown[]): unknown {
    const { operand } = term;
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        return undefined;
      case "constant":
        return operand.value;
      case "variable":
        return this.#variable(operand.name, term).value;
      case "pipe":
        return this.#calls(operand.pipe.calls, dot);
      case "function":
        return this.#invoke(term, this.#settings.functions[operand.name]!, values, operand.name);
    }
  }

  #invoke(term: Term, callee: TemplateFunction, values: readonly unknown[], name = term.source): unknown {
    try {
      return callee(...values);
    } catch (error) {
      throw this.#failure(term, `error calling ${name}: ${(error as Error).message}`);
    }
  }

  #variable(name: string, term: Term): { value: unknown } {
    const variable = this.#variables.findLast((one) => one.name === name);
    if (!variable) throw this.#failure(term, `undefined variable: ${name}`);
    return variable;
  }

  #field(value: unknown, name: string, term: Term): unknown {
    if (isTemplateObject(value)) {
      if (Object.hasOwn(value.fields, name)) return value.fields[name];
      throw this.#failure(term, `can't evaluate field ${name} in type ${value.typeName}`);
    }
    if (value === null || value === undefined) {
      if (this.#settings.missingKey === "noValue") return undefined;
      throw this.#failure(term, `nil pointer evaluating interface {}.${name}`);
    }
    if (typeof value !== "object" || Array.isArray(value))
      throw this.#failure(term, `can't evaluate field ${name} in type interface {}`);
    if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name];
    if (this.#settings.missingKey === "error")
      throw this.#failure(term, `map has no entry for key ${JSON.stringify(name)}`);
    return undefined;
  }

  #failure({ position, source }: Pick<Term, "position" | "source">, reason: string): TemplateError {
    const before = Buffer.from(this.#settings.source).subarray(0, position).toString().split("\n");
    const column = Buffer.byteLength(before.at(-1)!);
    const shown = source.length > 20 ? `${source.slice(0, 20)}...` : source;
    const { name } = this.#settings;
    return new TemplateError(
      `template: ${name}:${before.length}:${column}: executing ${JSON.stringify(name)} at <${shown}>: ${reason}`,
    );
  }
}

function isMethod(value: unknown): value is TemplateFunction {
  return typeof value === "function";
}

function isCallable(head: Term, value: unknown): boolean {
  return isMethod(value) || (head.operand.kind === "function" && head.fields.length === 0);
}

function showValue(value: unknown): string {
  if (value === undefined || value === null) return "<no value>";
  return goText(isTemplateObject(value) ? JSON.parse(value.json()) : value);
}

/** What `range` goes through; undefined when the value is no collection. */
function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === "number") return Array.from({ length: value }, (_, i) => [i, i]);
  if (typeof value !== "object") return undefined;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
