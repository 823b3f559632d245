import type { Socket } from "bun";

/** One JSON object a line, both ways. What the other side does not take at once waits here. */
export class LineChannel<In> {
  readonly #socket: Pick<Socket<undefined>, "write" | "end">;
  readonly #onMessage: (message: In) => void;
  #waiting = Buffer.alloc(0);
  #received = "";
  readonly #decoder = new TextDecoder();

  constructor(socket: Pick<Socket<undefined>, "write" | "end">, onMessage: (message: In) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
  }

  send(message: object): void {
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    this.#waiting = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, bytes]) : bytes;
    this.drained();
  }

  drained(): void {
    if (this.#waiting.length === 0) return;
    const taken = this.#socket.write(this.#waiting);
    if (taken > 0) this.#waiting = this.#waiting.subarray(taken);
  }

  /** @throws SyntaxError for what is no JSON */
  data(bytes: Uint8Array): void {
    this.#received += this.#decoder.decode(bytes, { stream: true });
    for (;;) {
      const end = this.#received.indexOf("\n");
      if (end < 0) return;
      const line = this.#received.slice(0, end);
      this.#received = this.#received.slice(end + 1);
      this.#onMessage(JSON.parse(line) as In);
    }
  }

  close(): void {
    this.#socket.end();
  }
}
