import { type BodyDecoder, bodyDecoderFor } from "./body-decoder.ts";
import { concatBytes, textOf } from "./bytes.ts";
import {
  encodeRequestHead,
  headLength,
  MAX_HEAD_BYTES,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from "./http-head.ts";
import type { Channel, TakeBytes } from "./types.ts";

/** A request body: bytes known now, or a stream that is sent in chunks. */
export type RequestBody = Uint8Array | AsyncIterable<Uint8Array>;

const encoder = new TextEncoder();

/** One HTTP/1.1 connection. Requests follow each other: the next one starts when the last answer has been read. */
export class HttpConnection {
  readonly channel: Channel;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /**
   * Sends one request and reads the head of its answer. An engine may answer before it has taken a whole body (an error,
   * say); the answer counts, and the connection is then not used again.
   */
  async exchange(head: RequestHead, body?: RequestBody): Promise<HttpResponse> {
    const isStream = body !== undefined && !(body instanceof Uint8Array);
    await this.channel.write(encodeMessage(head, isStream ? undefined : body));
    const sending = isStream ? this.#sendChunks(body).catch(() => "failed") : undefined;
    const answer = await this.#readHead();
    return new HttpResponse(this.channel, answer, bodyDecoderFor(head.method, answer), sending !== undefined);
  }

  async #sendChunks(body: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of body) {
      if (chunk.byteLength === 0) continue; // an empty chunk would end the body
      await this.channel.write(encoder.encode(`${chunk.byteLength.toString(16)}\r\n`));
      await this.channel.write(chunk);
      await this.channel.write(encoder.encode("\r\n"));
    }
    await this.channel.write(encoder.encode("0\r\n\r\n"));
  }

  async #readHead(): Promise<ResponseHead> {
    for (;;) {
      const text = await this.#readHeadText();
      const head = parseResponseHead(text);
      if (head.status < 200 && head.status !== 101) continue; // 100 Continue and its like announce the real answer
      return head;
    }
  }

  async #readHeadText(): Promise<string> {
    let bytes: Uint8Array = new Uint8Array(0);
    for (;;) {
      const chunk = await this.channel.read();
      if (!chunk) throw new Error("the engine closed the connection without an answer");
      bytes = bytes.byteLength === 0 ? chunk : concatBytes([bytes, chunk]);
      const length = headLength(bytes);
      if (length >= 0) {
        this.channel.unread(bytes.subarray(length));
        return textOf(bytes.subarray(0, length));
      }
      if (bytes.byteLength > MAX_HEAD_BYTES) throw new Error("the answer's head is too long");
    }
  }
}

/** Head and body in one piece when the body is at hand: one system call, one packet. */
function encodeMessage(head: RequestHead, body: Uint8Array | undefined): Uint8Array {
  const bytes = encoder.encode(encodeRequestHead(head));
  return body === undefined || body.byteLength === 0 ? bytes : concatBytes([bytes, body]);
}

export class HttpResponse {
  readonly status: number;
  readonly headers: ResponseHead["headers"];
  readonly #channel: Channel;
  readonly #decoder: BodyDecoder;
  readonly #closesAfter: boolean;
  /** Called once when the body has been read or given up; told whether the connection can carry the next request. */
  onFinish: ((isReusable: boolean) => void) | undefined;

  constructor(channel: Channel, head: ResponseHead, decoder: BodyDecoder, closesAfter: boolean) {
    this.status = head.status;
    this.headers = head.headers;
    this.#channel = channel;
    this.#decoder = decoder;
    this.#closesAfter = closesAfter || /\bclose\b/i.test(head.headers.connection ?? "");
  }

  /** The body as it comes. Leaving the loop early closes the connection. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (let pieces = await this.#read(); pieces; pieces = await this.#read()) yield* pieces;
    } finally {
      this.#finish();
    }
  }

  /** As `Channel.pump`, for large bodies that go on as they come. */
  async pump(take: TakeBytes): Promise<void> {
    try {
      const decoder = this.#decoder;
      await this.#channel.pump(
        (chunk) => takeAll(take, decoder.push(chunk)),
        () => decoder.done,
      );
      if (!decoder.done && !decoder.endsWithConnection) throw brokenAnswer();
    } finally {
      this.#finish();
    }
  }

  async bytes(): Promise<Uint8Array> {
    const all: Uint8Array[] = [];
    try {
      for (let pieces = await this.#read(); pieces; pieces = await this.#read()) all.push(...pieces);
    } finally {
      this.#finish();
    }
    return concatBytes(all);
  }

  /** What came of the body at once; undefined after its end. */
  async #read(): Promise<readonly Uint8Array[] | undefined> {
    if (this.#decoder.done) return undefined;
    const chunk = await this.#channel.read();
    if (chunk) return this.#decoder.push(chunk);
    if (this.#decoder.endsWithConnection) return undefined;
    throw brokenAnswer();
  }

  #finish(): void {
    const isReusable = this.#decoder.done && !this.#closesAfter;
    if (isReusable) this.#channel.unread(this.#decoder.rest);
    else this.#channel.close();
    this.onFinish?.(isReusable);
  }

  async text(): Promise<string> {
    return textOf(await this.bytes());
  }

  /** The connection as a raw stream, for an answer that switched protocols. The caller owns it from here on. */
  raw(): Channel {
    return this.#channel;
  }
}

function brokenAnswer(): Error {
  return new Error("the connection to the engine broke in the middle of an answer");
}

/** One after the other, and without a promise where none is needed. */
function takeAll(take: TakeBytes, pieces: readonly Uint8Array[], from = 0): Promise<void> | undefined {
  for (let i = from; i < pieces.length; i++) {
    const wait = take(pieces[i]!);
    if (wait) return wait.then(() => takeAll(take, pieces, i + 1));
  }
  return undefined;
}
