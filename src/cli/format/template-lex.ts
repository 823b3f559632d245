/** Go's text/template, first step: text and actions, and the words inside an action. */

export type TokenKind = "identifier" | "field" | "variable" | "string" | "number" | "dot" | "symbol";

export interface Token {
  readonly kind: TokenKind;
  /** As written; for strings the value without quotes. */
  readonly text: string;
  /** Bytes from the beginning of the template: Go's messages count them. */
  readonly position: number;
  /** Whether a space stands before it: ".A .B" are two arguments, ".A.B" is one. */
  readonly spaced: boolean;
}

export type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[]; readonly line: number };

/** A template that cannot be read. The message has Go's form, "template: NAME:LINE: reason". */
export class TemplateSyntaxError extends Error {
  override readonly name = "TemplateSyntaxError";

  constructor(templateName: string, line: number, reason: string) {
    super(`template: ${templateName}:${line}: ${reason}`);
  }
}

/** @throws TemplateSyntaxError */
export function lexTemplate(templateName: string, source: string): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  let trimsNext = false;
  while (at <= source.length) {
    const open = source.indexOf("{{", at);
    const raw = source.slice(at, open < 0 ? undefined : open);
    const trimsHere = open >= 0 && /^\{\{-[ \t\r\n]/.test(source.slice(open, open + 4));
    const text = trimText(raw, trimsNext, trimsHere);
    if (text) segments.push({ kind: "text", text });
    if (open < 0) break;
    const action = lexAction(templateName, source, open + (trimsHere ? 3 : 2));
    if (action.tokens.length > 0 || !action.isComment)
      segments.push({ kind: "action", tokens: action.tokens, line: lineOf(source, open) });
    trimsNext = action.trims;
    at = action.end;
  }
  return segments;
}

function trimText(text: string, start: boolean, end: boolean): string {
  const trimmed = start ? text.replace(/^[ \t\r\n]+/, "") : text;
  return end ? trimmed.replace(/[ \t\r\n]+$/, "") : trimmed;
}

interface LexedAction {
  readonly tokens: readonly Token[];
  readonly end: number;
  readonly trims: boolean;
  readonly isComment: boolean;
}

const WORDS: readonly [kind: TokenKind, pattern: RegExp][] = [
  ["field", /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ["number", /[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)/y],
  ["variable", /\$[\p{L}\p{N}_]*/uy],
  ["identifier", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["string", /"(?:[^"\\\n]|\\.)*"/y],
  ["string", /`[^`]*`/y],
  ["string", /'(?:[^'\\\n]|\\.)+'/y],
  ["dot", /\./y],
  ["symbol", /:=|[=|(),]/y],
];

function lexAction(templateName: string, source: string, start: number): LexedAction {
  const comment = /[ \t\r\n]*\/\*[\s\S]*?\*\/[ \t\r\n]*(-?)\}\}/y;
  comment.lastIndex = start;
  const isComment = comment.exec(source);
  if (isComment) return { tokens: [], end: comment.lastIndex, trims: isComment[1] === "-", isComment: true };
  const tokens: Token[] = [];
  let spaced = false;
  for (let at = start; ; ) {
    const close = /[ \t\r\n]-\}\}|\}\}/y;
    close.lastIndex = at;
    const closed = close.exec(source);
    if (closed) return { tokens, end: close.lastIndex, trims: closed[0].length > 2, isComment: false };
    if (at >= source.length)
      throw new TemplateSyntaxError(templateName, lineOf(source, start), "unclosed action");
    if (/[ \t\r\n]/.test(source[at]!)) {
      spaced = true;
      at++;
      continue;
    }
    const token = lexWord(templateName, source, at, spaced);
    tokens.push(token.token);
    spaced = false;
    at = token.end;
  }
}

function lexWord(
  templateName: string,
  source: string,
  at: number,
  spaced: boolean,
): { token: Token; end: number } {
  for (const [kind, pattern] of WORDS) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (!match) continue;
    const place = { position: byteOffset(source, at), spaced };
    return { token: { ...wordOf(kind, match[0]), ...place }, end: at + match[0].length };
  }
  const character = source[at]!;
  const reason = /["'`]/.test(character)
    ? `unterminated ${{ '"': "quoted string", "`": "raw quoted string", "'": "character constant" }[character]}`
    : `unexpected ${JSON.stringify(character)} in operand`;
  throw new TemplateSyntaxError(templateName, lineOf(source, at), reason);
}

function wordOf(kind: TokenKind, literal: string): Pick<Token, "kind" | "text"> {
  if (kind !== "string") return { kind, text: literal };
  const text = unquote(literal);
  return literal[0] === "'" ? { kind: "number", text: String(text.codePointAt(0)) } : { kind, text };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal[0] === "`") return body;
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
    (_all, x, u, long, one) =>
      one === undefined ? String.fromCodePoint(Number.parseInt(x ?? u ?? long, 16)) : (ESCAPES[one] ?? one),
  );
}

function lineOf(source: string, at: number): number {
  return source.slice(0, at).split("\n").length;
}

function byteOffset(source: string, at: number): number {
  return Buffer.byteLength(source.slice(0, at));
}
