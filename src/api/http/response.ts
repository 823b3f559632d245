import type { Writable } from "node:stream";
import { ConnectionLost } from "./socket.ts";
import { STATUS_TEXT } from "./status.ts";

export type ResponseHeaders = Readonly<Record<string, string>>;

export interface ResponseFraming {
  /** A HEAD request's answer has the headers only. */
  readonly isHead: boolean;
  /** HTTP/1.0 knows no chunks: there the end of the connection ends the body. */
  readonly canChunk: boolean;
  readonly keepAlive: boolean;
}

/** Writes one answer: whole, or begun and then piece by piece at the client's pace. */
export class ResponseWriter {
  readonly #socket: Writable;
  readonly #framing: ResponseFraming;
  #state: "idle" | "streaming" | "done" = "idle";

  constructor(socket: Writable, framing: ResponseFraming) {
    this.#socket = socket;
    this.#framing = framing;
  }

  get hasBegun(): boolean {
    return this.#state !== "idle";
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** The whole answer in one write. */
  async send(status: number, headers: ResponseHeaders, body: string | Uint8Array = ""): Promise<void> {
    this.#state = "done";
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const hasBody = statusHasBody(status);
    const length: ResponseHeaders = hasBody ? { "Content-Length": String(bytes.byteLength) } : {};
    const head = encodeHead(status, { ...headers, ...length }, this.#framing.keepAlive);
    const isBodySent = hasBody && !this.#framing.isHead && bytes.byteLength > 0;
    await write(this.#socket, isBodySent ? Buffer.concat([head, bytes]) : head);
  }

  /** Head of an answer whose length is not known; sent at once. */
  async begin(status: number, headers: ResponseHeaders): Promise<void> {
    this.#state = "streaming";
    const { canChunk, keepAlive } = this.#framing;
    const framing: ResponseHeaders = canChunk ? { "Transfer-Encoding": "chunked" } : {};
    await write(this.#socket, encodeHead(status, { ...headers, ...framing }, keepAlive && canChunk));
  }

  /** Resolves when there is room for more. @throws ConnectionLost */
  async write(chunk: string | Uint8Array): Promise<void> {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (bytes.byteLength === 0 || this.#framing.isHead) return;
    await write(this.#socket, this.#framing.canChunk ? encodeChunk(bytes) : bytes);
  }

  async end(): Promise<void> {
    this.#state = "done";
    if (this.#framing.canChunk && !this.#framing.isHead) await write(this.#socket, LAST_CHUNK);
  }
}

const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Writes with the peer's pace. @throws ConnectionLost when it is gone */
export async function write(socket: Writable, bytes: Uint8Array): Promise<void> {
  if (socket.destroyed || socket.writableEnded) throw new ConnectionLost();
  if (socket.write(bytes)) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => reject(new ConnectionLost());
  socket.once("drain", resolve).once("close", onClose);
  try {
    await promise;
  } finally {
    socket.off("drain", resolve).off("close", onClose);
  }
}

function statusHasBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}

function encodeHead(status: number, headers: ResponseHeaders, keepAlive: boolean): Buffer {
  let text = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "Status"}\r\n`;
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
  text += `Date: ${new Date().toUTCString()}\r\n`;
  if (!keepAlive) text += "Connection: close\r\n";
  return Buffer.from(`${text}\r\n`, "latin1");
}

function encodeChunk(bytes: Uint8Array): Buffer {
  const size = `${bytes.byteLength.toString(16)}\r\n`;
  const out = Buffer.allocUnsafe(size.length + bytes.byteLength + 2);
  out.write(size, 0, "latin1");
  out.set(bytes, size.length);
  out.write("\r\n", out.byteLength - 2, "latin1");
  return out;
}
