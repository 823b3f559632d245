/** The first lines of HTTP/1.1 messages, as texts and values. */

export interface RequestHead {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ResponseHead {
  readonly status: number;
  /** Lower-case names; a header sent twice has its values joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
}

/** An engine's answer head is small; one that is larger is none. */
export const MAX_HEAD_BYTES = 1 << 20;

/** @throws Error when a header could end the head early */
export function encodeRequestHead({ method, path, headers }: RequestHead): string {
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n]/.test(value)) throw new Error(`invalid value of HTTP header ${name}`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** Where the head ends in these bytes, the empty line included; -1 when it is not complete. */
export function headLength(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1))
    if (bytes[at + 1] === CARRIAGE_RETURN && bytes[at + 2] === LINE_FEED) return at + 3;
  return -1;
}

/** @throws Error when the text is no HTTP/1 response head */
export function parseResponseHead(text: string): ResponseHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine);
  if (!match) throw new Error(`not an HTTP answer: ${JSON.stringify(statusLine.slice(0, 80))}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(match[1]), headers };
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;
export type Query = Readonly<Record<string, QueryValue>>;

/** "?a=1&b=x"; false, undefined and empty values are left out, as they are the engine's defaults. */
export function encodeQuery(query: Query): string {
  let text = "";
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value])
      text += `${text ? "&" : "?"}${name}=${encodeURIComponent(one === true ? "1" : String(one))}`;
  }
  return text;
}

/** A name or id as part of a path. The engine takes the whole rest of the path for it, so slashes stay. */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/%(?:2F|3A|40)/g, decodeURIComponent);
}
