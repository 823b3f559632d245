/**
 * The head of an HTTP/1.1 request, strictly: whatever two programs could read in two ways is refused.
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */

export interface RequestHead {
  readonly method: string;
  /** Path and query as sent, always beginning with "/" (or "*" for OPTIONS). */
  readonly target: string;
  /** 0 for HTTP/1.0, which knows neither chunks nor lasting connections. */
  readonly minor: 0 | 1;
  /** Lower-case names; lines of the same name joined by ", ". */
  readonly headers: Headers;
}

export type Headers = Readonly<Record<string, string | undefined>>;

/** How the end of the body is found. */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** The peer broke the protocol: answered with this status, then the connection is closed. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^\x00-\x20\x7f]+) HTTP\/(\d)\.(\d)$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

/** Fields of which a second line is never harmless. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding"]);

/**
 * @param text the head in latin1 without the empty line that ends it
 * @throws ProtocolError
 */
export function parseRequestHead(text: string): RequestHead {
  const lines = text.split("\r\n");
  const start = REQUEST_LINE.exec(lines[0]!);
  if (!start) throw new ProtocolError(400, "malformed request line");
  const [, method, target, major, minor] = start as unknown as [string, string, string, string, string];
  if (major !== "1") throw new ProtocolError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  const headers = parseFields(lines.slice(1));
  if (minor !== "0" && headers.host === undefined)
    throw new ProtocolError(400, "missing required Host header");
  return { method, target: originForm(method, target), minor: minor === "0" ? 0 : 1, headers };
}

function parseFields(lines: readonly string[]): Headers {
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    // A name with a space before the colon, or a continued line, begins with what no name may hold.
    if (colon < 1 || !FIELD_NAME.test(name) || !FIELD_VALUE.test(value))
      throw new ProtocolError(400, "malformed header line");
    if (headers[name] === undefined) headers[name] = value;
    else if (SINGLE_FIELDS.has(name)) throw new ProtocolError(400, `more than one ${name} header`);
    else headers[name] += `, ${value}`;
  }
  return headers;
}

/** Proxies send "http://host/path"; the part that matters is the same. */
function originForm(method: string, target: string): string {
  if (target.startsWith("/") || (target === "*" && method === "OPTIONS")) return target;
  const absolute = /^https?:\/\/[^/?#]*([/?].*)?$/i.exec(target);
  if (!absolute) throw new ProtocolError(400, "malformed request target");
  const rest = absolute[1] ?? "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** @throws ProtocolError when length and encoding are unclear: two readings of one body are how requests are smuggled */
export function bodyFraming(head: RequestHead): BodyFraming {
  const encoding = head.headers["transfer-encoding"];
  const length = head.headers["content-length"];
  if (encoding !== undefined) {
    if (length !== undefined || head.minor === 0)
      throw new ProtocolError(400, "Transfer-Encoding does not go with Content-Length or HTTP/1.0");
    if (encoding.toLowerCase() !== "chunked")
      throw new ProtocolError(501, `unsupported transfer encoding: ${encoding}`);
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!/^\d{1,15}$/.test(length)) throw new ProtocolError(400, "malformed Content-Length");
  return length === "0" ? { kind: "none" } : { kind: "length", bytes: Number(length) };
}

/** Whether the client would like to send a further request on this connection. */
export function wantsKeepAlive(head: RequestHead): boolean {
  const wishes = listOf(head.headers.connection);
  return head.minor === 0 ? wishes.includes("keep-alive") : !wishes.includes("close");
}

/** The protocol the client wants to change to ("tcp", "h2c", "websocket"). */
export function upgradeOf(head: RequestHead): string | undefined {
  return listOf(head.headers.connection).includes("upgrade")
    ? head.headers.upgrade?.toLowerCase()
    : undefined;
}

/** @throws ProtocolError for an expectation other than the one that exists */
export function expectsContinue(head: RequestHead): boolean {
  const expectation = head.headers.expect;
  if (expectation === undefined || head.minor === 0) return false;
  if (expectation.toLowerCase() !== "100-continue") throw new ProtocolError(417, "unknown expectation");
  return true;
}

function listOf(value: string | undefined): string[] {
  return (value ?? "").split(",").map((item) => item.trim().toLowerCase());
}
