/** Go's text/template, second step: a tree. */
import { lexTemplate, type Segment, TemplateSyntaxError, type Token } from "./template-lex.ts";

export type Operand =
  | { readonly kind: "dot" | "nil" }
  | { readonly kind: "constant"; readonly value: string | number | boolean }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipe"; readonly pipe: Pipe };

/** An operand and the fields taken from it, one after the other. */
export interface Term {
  readonly operand: Operand;
  readonly fields: readonly string[];
  readonly position: number;
  /** As written, for messages. */
  readonly source: string;
}

/** The first term is what is called or shown, the others are its arguments. */
export type Call = readonly Term[];

export interface Pipe {
  readonly variables: readonly string[];
  /** "=" changes a variable, ":=" makes one. */
  readonly assigns: boolean;
  readonly calls: readonly Call[];
}

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly kind: "break" | "continue" };

const KEYWORDS = new Set([
  "if",
  "else",
  "end",
  "range",
  "with",
  "break",
  "continue",
  "define",
  "template",
  "block",
]);

/**
 * @param functions the names a template may call
 * @throws TemplateSyntaxError
 */
export function parseTemplate(
  templateName: string,
  source: string,
  functions: ReadonlySet<string>,
): TemplateNode[] {
  return new TreeBuilder(templateName, lexTemplate(templateName, source), functions).build();
}

type Ending = "end" | "else" | "eof";

class TreeBuilder {
  readonly #name: string;
  readonly #segments: readonly Segment[];
  readonly #functions: ReadonlySet<string>;
  #at = 0;
  /** The words after "else" in "{{else if …}}". */
  #elseTokens: readonly Token[] = [];
  #line = 1;

  constructor(name: string, segments: readonly Segment[], functions: ReadonlySet<string>) {
    this.#name = name;
    this.#segments = segments;
    this.#functions = functions;
  }

  build(): TemplateNode[] {
    const { nodes, ending } = this.#list();
    if (ending !== "eof") throw this.#error(`unexpected {{${ending}}}`);
    return nodes;
  }

  #list(): { nodes: TemplateNode[]; ending: Ending } {
    const nodes: TemplateNode[] = [];
    while (this.#at < this.#segments.length) {
      const segment = this.#segments[this.#at++]!;
      if (segment.kind === "text") {
        nodes.push(segment);
        continue;
      }
      this.#line = segment.line;
      const [first, ...rest] = segment.tokens;
      if (!first) throw this.#error("missing value for command");
      if (first.kind === "identifier" && KEYWORDS.has(first.text)) {
        if (first.text === "end" || first.text === "else") {
          this.#elseTokens = rest;
          return { nodes, ending: first.text };
        }
        nodes.push(this.#control(first.text, rest));
      } else nodes.push({ kind: "action", pipe: this.#pipe(segment.tokens, "command") });
    }
    return { nodes, ending: "eof" };
  }

  #control(keyword: string, tokens: readonly Token[]): TemplateNode {
    switch (keyword) {
      case "if":
      case "with":
      case "range":
        return this.#block(keyword, tokens);
      case "break":
      case "continue":
        return { kind: keyword };
      default:
        throw this.#error(`unexpected {{${keyword}}}`);
    }
  }

  #block(kind: "if" | "with" | "range", tokens: readonly Token[]): TemplateNode {
    const pipe = this.#pipe(tokens, kind);
    const { nodes: body, ending } = this.#list();
    if (ending === "eof") throw this.#error("unexpected EOF");
    return { kind, pipe, body, otherwise: ending === "else" ? this.#otherwise() : [] };
  }

  #otherwise(): TemplateNode[] {
    const [keyword, ...rest] = this.#elseTokens;
    if (keyword?.text === "if" || keyword?.text === "with") return [this.#block(keyword.text, rest)];
    if (keyword) throw this.#error(`unexpected ${JSON.stringify(keyword.text)} in else`);
    const { nodes, ending } = this.#list();
    if (ending === "else") throw this.#error("expected end; found {{else}}");
    if (ending === "eof") throw this.#error("unexpected EOF");
    return nodes;
  }

  #pipe(tokens: readonly Token[], where: string): Pipe {
    const declaration = tokens.findIndex((token) => token.text === ":=" || token.text === "=");
    const declares = declaration > 0 && tokens[declaration]!.kind === "symbol";
    const variables = declares
      ? tokens
          .slice(0, declaration)
          .filter((token) => token.kind === "variable")
          .map((token) => token.text)
      : [];
    const reader = new TermReader(declares ? tokens.slice(declaration + 1) : tokens);
    const calls = this.#calls(reader, where);
    if (reader.peek) throw this.#error(`unexpected ${JSON.stringify(reader.peek.text)} in ${where}`);
    return { variables, assigns: declares && tokens[declaration]!.text === "=", calls };
  }

  /** Up to the end of the words, or to a closing parenthesis. */
  #calls(reader: TermReader, where: string): Call[] {
    const calls: Call[] = [];
    for (;;) {
      const call: Term[] = [];
      while (reader.peek && reader.peek.text !== "|" && reader.peek.text !== ")")
        call.push(this.#term(reader, where));
      if (call.length === 0) throw this.#error(`missing value for ${where}`);
      calls.push(call);
      if (reader.peek?.text !== "|") return calls;
      reader.next();
    }
  }

  #term(reader: TermReader, where: string): Term {
    const first = reader.next();
    const { operand, fields, source } = this.#operand(first, reader, where);
    let text = source;
    while (reader.peek?.kind === "field" && !reader.peek.spaced) {
      const field = reader.next();
      fields.push(field.text.slice(1));
      text += field.text;
    }
    return { operand, fields, position: first.position, source: text };
  }

  #operand(
    token: Token,
    reader: TermReader,
    where: string,
  ): { operand: Operand; fields: string[]; source: string } {
    const { kind, text } = token;
    const plain = (operand: Operand) => ({ operand, fields: [], source: text });
    if (kind === "field") return { operand: { kind: "dot" }, fields: [text.slice(1)], source: text };
    if (kind === "dot") return plain({ kind: "dot" });
    if (kind === "variable") return plain({ kind: "variable", name: text });
    if (kind === "string")
      return { operand: { kind: "constant", value: text }, fields: [], source: JSON.stringify(text) };
    if (kind === "number") return plain({ kind: "constant", value: Number(text) });
    if (kind === "identifier") return plain(this.#word(text));
    if (text !== "(") throw this.#error(`unexpected ${JSON.stringify(text)} in ${where}`);
    const calls = this.#calls(reader, "parenthesized pipeline");
    if (reader.peek?.text !== ")") throw this.#error("unclosed left paren");
    reader.next();
    return {
      operand: { kind: "pipe", pipe: { variables: [], assigns: false, calls } },
      fields: [],
      source: "(…)",
    };
  }

  #word(text: string): Operand {
    if (text === "nil") return { kind: "nil" };
    if (text === "true" || text === "false") return { kind: "constant", value: text === "true" };
    if (!this.#functions.has(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`);
    return { kind: "function", name: text };
  }

  #error(reason: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.#name, this.#line, reason);
  }
}

class TermReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** Only after `peek` gave a token. */
  next(): Token {
    return this.#tokens[this.#at++]!;
  }
}
