import { InvalidArgument } from "#base/errors.ts";
import { collectBytes } from "#base/streams.ts";

export interface ResponseOptions {
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Ends the request. */
  readonly abort: AbortController;
  /** Silence within the body that ends it. */
  readonly stallTimeoutMs: number;
  /** The failure to throw when reading the body fails. */
  readonly asFailure: (error: unknown) => Error;
  readonly onEnd: () => void;
}

/** An HTTP answer. Dispose it when the body may not have been read to its end, so that the connection is closed. */
export class HttpResponse implements Disposable {
  readonly status: number;
  readonly headers: Headers;
  readonly url: URL;
  readonly #response: Response;
  readonly #options: ResponseOptions;

  constructor(response: Response, options: ResponseOptions) {
    this.status = response.status;
    this.headers = response.headers;
    this.url = options.url;
    this.#response = response;
    this.#options = options;
  }

  /** Bytes as sent. @throws Unreachable "cut" or "stalled"; Cancelled */
  async *body(): AsyncGenerator<Uint8Array> {
    if (!this.#response.body) return;
    const iterator = (this.#response.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    try {
      for (let next = await this.#next(iterator); !next.done; next = await this.#next(iterator))
        yield next.value;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Only the server's time counts, not what the reader takes between two chunks. */
  async #next(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    const { abort, stallTimeoutMs, asFailure } = this.#options;
    const stall = setTimeout(() => abort.abort(stallError()), stallTimeoutMs);
    try {
      return await iterator.next();
    } catch (error) {
      throw asFailure(error);
    } finally {
      clearTimeout(stall);
    }
  }

  /** @throws InvalidArgument when the body is longer than `maxBytes` */
  async bytes(maxBytes: number, what: string): Promise<Uint8Array> {
    const announced = Number(this.headers.get("content-length") ?? 0);
    if (announced > maxBytes)
      throw new InvalidArgument(`${what}: ${announced} bytes, at most ${maxBytes} are read`);
    return collectBytes(this.body(), maxBytes, what);
  }

  [Symbol.dispose](): void {
    this.#options.onEnd();
    this.#options.abort.abort(new Error("answer no longer wanted"));
  }
}

/** Thrown into a request whose server has been silent for too long. */
export function stallError(): Error {
  return Object.assign(new Error("no data in time"), { code: "ETIMEDOUT" });
}
