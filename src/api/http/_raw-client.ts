/** A client for tests that says exactly what it is told, byte by byte. */
export class RawClient {
  #received = "";
  #isEnded = false;
  #isPaused = false;
  #wake: (() => void) | undefined;
  #socket!: Bun.Socket<undefined>;
  #unsent = Buffer.alloc(0);

  static async connect(path: string): Promise<RawClient> {
    const client = new RawClient();
    const ended = () => {
      client.#isEnded = true;
      client.#wake?.();
    };
    client.#socket = await Bun.connect<undefined>({
      unix: path,
      allowHalfOpen: true,
      socket: {
        data(_socket, chunk) {
          client.#received += chunk.toString("latin1");
          client.#wake?.();
        },
        drain: () => client.#flush(),
        end: ended,
        close: ended,
      },
    } as Bun.UnixSocketOptions<undefined>);
    return client;
  }

  send(data: string | Uint8Array): this {
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(data as string)]);
    this.#flush();
    return this;
  }

  /** Bytes the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#unsent.byteLength;
  }

  #flush(): void {
    if (this.#unsent.byteLength === 0) return;
    const written = this.#socket.write(this.#unsent);
    if (written > 0) this.#unsent = this.#unsent.subarray(written);
  }

  /** Ends the sending half. */
  end(): this {
    this.#socket.shutdown();
    return this;
  }

  /** Gone, both ways. */
  close(): void {
    this.#socket.terminate();
  }

  /** Reads nothing until told otherwise. */
  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (this.#isPaused) this.#socket.resume();
    this.#isPaused = false;
  }

  /** What came up to and including `text`; the rest waits. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf(text);
      if (at >= 0) {
        const taken = this.#received.slice(0, at + text.length);
        this.#received = this.#received.slice(at + text.length);
        return taken;
      }
      if (this.#isEnded) throw new Error(`connection ended after ${JSON.stringify(this.#received)}`);
      await this.#more();
    }
  }

  /** A whole answer with Content-Length, or one without a body. */
  async answer(): Promise<{ status: number; head: string; body: string }> {
    const head = await this.until("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    while (this.#received.length < length) {
      if (this.#isEnded) throw new Error("connection ended inside the body");
      await this.#more();
    }
    const body = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return { status: Number(head.split(" ")[1]), head, body };
  }

  /** Everything until the other side ends. */
  async all(): Promise<string> {
    while (!this.#isEnded) await this.#more();
    return this.#received;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}
