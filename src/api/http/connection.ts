/** One connection: request after request until one of them takes it over, the client leaves or the server closes. */
import { messageOf } from "#base/errors.ts";
import { RequestBody } from "./body.ts";
import { ByteReader, LimitExceeded } from "./byte-reader.ts";
import {
  bodyFraming,
  expectsContinue,
  ProtocolError,
  parseRequestHead,
  type RequestHead,
  wantsKeepAlive,
} from "./head.ts";
import { endAndLinger } from "./linger.ts";
import { ResponseWriter } from "./response.ts";
import { ConnectionLost, type OfferedSocket, type PeerCertificate, type PeerSocket } from "./socket.ts";

const MAX_HEAD_BYTES = 1 << 20;
const HEAD_END = Buffer.from("\r\n\r\n");
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
/** An idle client may keep its connection so long. */
const KEEP_ALIVE_SECONDS = 120;
/** A head that has begun must be complete after so long, however slowly it trickles. */
const HEAD_DEADLINE_MS = 30_000;
/** An unread body up to this is read over; a larger one ends the connection. */
const MAX_SKIPPED_BYTES = 256 * 1024;

/** One request on its way to an answer. */
export interface Exchange {
  readonly head: RequestHead;
  readonly body: RequestBody;
  readonly response: ResponseWriter;
  /** Fires when the client is gone, has ended its half, or the server closes. */
  readonly signal: AbortSignal;
  /**
   * The connection for another process to go on with, unread until `takeBack`; undefined where the request is not over,
   * the client has said more already, or bytes pass through TLS.
   */
  offer(): OfferedSocket | undefined;
  takeBack(): void;
  /** Who the client proved to be, by TLS. */
  peerCertificate(): PeerCertificate | undefined;
  /** Takes the connection out of HTTP: from here on it is the caller's, bytes both ways. */
  hijack(): Promise<PeerSocket>;
}

/** Answers one request, by writing to `response` or by hijacking. */
export type RequestHandler = (exchange: Exchange) => Promise<void>;

export class HttpConnection {
  /** Resolves when nothing of the connection is left, hijacked or not. */
  readonly closed: Promise<void>;
  readonly #socket: PeerSocket;
  readonly #handle: RequestHandler;
  readonly #reader: ByteReader;
  /** Of the request under way; each has its own, so that what listens to one ends with it. */
  #request = new AbortController();
  #hasPeerEnded = false;
  #isHijacked = false;
  #state: "idle" | "reading" | "answering" = "idle";
  #isClosing = false;

  constructor(socket: PeerSocket, handle: RequestHandler) {
    this.#socket = socket;
    this.#handle = handle;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {}); // seen as "close"; an unheard error would end the process
    this.#reader = new ByteReader(socket, () => {
      this.#hasPeerEnded = true;
      this.#request.abort(new ConnectionLost());
    });
  }

  /** Serves until the connection is done with HTTP. Never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#serveOne());
    } catch (error) {
      if (error instanceof ProtocolError && this.#state === "reading") await this.#refuse(error);
      else this.#socket.destroy();
    }
    if (this.#isHijacked || this.#socket.destroyed) return;
    this.#socket.setIdleTimeout(KEEP_ALIVE_SECONDS);
    this.#reader.detach();
    endAndLinger(this.#socket);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The request under way is the last; an idle connection closes at once. */
  close(): void {
    this.#isClosing = true;
    if (this.#isHijacked || this.#state === "idle") this.#socket.destroy();
    else this.#request.abort(new Error("the engine is stopping"));
  }

  /** @returns whether another request may follow */
  async #serveOne(): Promise<boolean> {
    const head = await this.#readHead();
    if (!head) return false;
    const keepAlive = wantsKeepAlive(head) && !this.#isClosing;
    const response = new ResponseWriter(this.#socket, {
      isHead: head.method === "HEAD",
      canChunk: head.minor === 1,
      keepAlive,
    });
    const sendContinue = expectsContinue(head) ? () => void this.#socket.write(CONTINUE) : undefined;
    const body = new RequestBody(this.#reader, bodyFraming(head), sendContinue);
    this.#request = new AbortController();
    if (this.#hasPeerEnded) this.#request.abort(new ConnectionLost());
    this.#state = "answering";
    await this.#handle({
      head,
      body,
      response,
      signal: this.#request.signal,
      offer: () => (body.isDone && this.#reader.isEmpty ? this.#socket.offer() : undefined),
      takeBack: () => this.#socket.resumeInput(),
      peerCertificate: () => this.#socket.peerCertificate(),
      hijack: () => this.#hijack(body),
    });
    if (this.#isHijacked) return false;
    if (!response.isDone) throw new Error("the answer broke off");
    return keepAlive && head.minor === 1 && !this.#isClosing && (await body.skip(MAX_SKIPPED_BYTES));
  }

  /** @returns undefined when the client has nothing more to ask */
  async #readHead(): Promise<RequestHead | undefined> {
    this.#socket.setIdleTimeout(KEEP_ALIVE_SECONDS);
    this.#state = "idle";
    if (!(await this.#reader.waitForBytes())) return undefined;
    this.#state = "reading";
    const text = await this.#readHeadText();
    this.#socket.setIdleTimeout(0);
    return text === undefined ? undefined : parseRequestHead(text.replace(/^(?:\r\n)+/, ""));
  }

  async #readHeadText(): Promise<string | undefined> {
    const deadline = setTimeout(() => this.#socket.destroy(), HEAD_DEADLINE_MS);
    try {
      const bytes = await this.#reader.readUntil(HEAD_END, MAX_HEAD_BYTES);
      return bytes?.toString("latin1", 0, bytes.byteLength - HEAD_END.byteLength);
    } catch (error) {
      if (error instanceof LimitExceeded) throw new ProtocolError(431, "request head is too large");
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  async #hijack(body: RequestBody): Promise<PeerSocket> {
    if (!(await body.skip(MAX_SKIPPED_BYTES)))
      throw new ProtocolError(400, "the request body must be complete before the stream begins");
    this.#isHijacked = true;
    this.#reader.detach();
    return this.#socket;
  }

  async #refuse(error: ProtocolError): Promise<void> {
    const response = new ResponseWriter(this.#socket, { isHead: false, canChunk: false, keepAlive: false });
    const body = `${JSON.stringify({ message: messageOf(error) })}\n`;
    await response.send(error.status, { "Content-Type": "application/json" }, body).catch(() => {});
  }
}
