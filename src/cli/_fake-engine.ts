/** For tests: an engine on a socket of its own that answers from a table and remembers what it was asked. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface EngineRequest {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly body: string;
}

/** A status with a value for JSON or with a text, or the raw bytes after an upgrade. */
export type EngineReply =
  | { readonly status?: number; readonly json?: unknown; readonly text?: string }
  | { readonly stream: Uint8Array };

/** "GET /containers/json" to its reply; a query is not part of the key. */
export type Replies = Readonly<Record<string, EngineReply | ((request: EngineRequest) => EngineReply)>>;

export class FakeEngine implements AsyncDisposable {
  readonly requests: EngineRequest[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), "engine-"));
  readonly #server: Server;
  readonly #replies: Replies;

  constructor(replies: Replies) {
    this.#replies = replies;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  get socketPath(): string {
    return join(this.#directory, "engine.sock");
  }

  get host(): string {
    return `unix://${this.socketPath}`;
  }

  async listen(): Promise<this> {
    await new Promise<void>((ready) => this.#server.listen(this.socketPath, ready));
    return this;
  }

  #serve(socket: Socket): void {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
      for (let end = requestEnd(text); end > 0; end = requestEnd(text)) {
        this.#answer(socket, text.slice(0, end));
        text = text.slice(end);
      }
    });
  }

  #answer(socket: Socket, message: string): void {
    const [head = "", body = ""] = message.split("\r\n\r\n", 2);
    const [method = "", target = ""] = head.split(" ");
    const request = { method, path: target.replace(/^\/v[\d.]+/, ""), body };
    this.requests.push(request);
    const found = this.#replies[`${method} ${request.path.split("?")[0]}`];
    const reply =
      typeof found === "function"
        ? found(request)
        : (found ?? { status: 404, json: { message: "page not found" } });
    if ("stream" in reply) {
      socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      socket.end(reply.stream);
    } else {
      const content = reply.text ?? (reply.json === undefined ? "" : JSON.stringify(reply.json));
      socket.write(
        `HTTP/1.1 ${reply.status ?? 200} X\r\nContent-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    rmSync(this.#directory, { recursive: true });
  }
}

/** Where the first request ends; 0 when it is not complete. */
function requestEnd(text: string): number {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return 0;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return text.length >= end ? end : 0;
}
