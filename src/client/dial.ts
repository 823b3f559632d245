import { ByteQueue } from "./byte-queue.ts";
import { endpointText } from "./endpoint.ts";
import { EngineUnreachable } from "./errors.ts";
import type { Channel, Endpoint, TakeBytes } from "./types.ts";

/**
 * Connects to an engine. Bun's sockets are used directly: a connection costs a tenth of a millisecond, where node:net
 * would cost three at start-up.
 * @throws EngineUnreachable
 */
export async function dial(endpoint: Endpoint): Promise<Channel> {
  if (endpoint.scheme === "ssh") return (await import("./ssh.ts")).dialSsh(endpoint);
  const channel = new SocketChannel();
  try {
    await channel.connect(endpoint);
  } catch (error) {
    throw unreachable(endpoint, error);
  }
  return channel;
}

function unreachable(endpoint: Endpoint, error: unknown): EngineUnreachable {
  const cause = error instanceof Error ? error : new Error(String(error));
  return new EngineUnreachable(endpointText(endpoint), (cause as NodeJS.ErrnoException).code ?? "", cause);
}

type TcpEndpoint = Extract<Endpoint, { scheme: "tcp" }>;
type SocketEndpoint = Exclude<Endpoint, { scheme: "ssh" }>;

class SocketChannel implements Channel {
  #socket!: Bun.Socket;
  #onDrain: (() => void) | undefined;
  readonly #received: ByteQueue = new ByteQueue({
    pause: () => this.#socket.pause(),
    resume: () => this.#socket.resume(),
  });

  async connect(endpoint: SocketEndpoint): Promise<void> {
    const secured = Promise.withResolvers<void>();
    const isTls = endpoint.scheme === "tcp" && endpoint.tls !== undefined;
    const socket = this.#handlers(secured, isTls);
    if (endpoint.scheme === "unix") {
      this.#socket = await Bun.connect({ unix: endpoint.path, allowHalfOpen: true, socket });
      return;
    }
    const { host: hostname, port, tls } = endpoint;
    this.#socket = await Bun.connect({
      hostname,
      port,
      allowHalfOpen: true,
      socket,
      ...(tls ? { tls: tlsOptions(tls, hostname) } : {}),
    });
    if (tls) await secured.promise;
  }

  #handlers(secured: PromiseWithResolvers<void>, isTls: boolean): Bun.SocketHandler<undefined> {
    const handlers: Bun.SocketHandler<undefined, "uint8array"> = {
      binaryType: "uint8array", // making Buffers ready takes most of a millisecond
      data: (_socket, chunk) => this.#received.push(chunk),
      end: () => this.#received.end(),
      drain: () => this.#drained(),
      handshake: (_socket, success, verifyError) => {
        if (success) secured.resolve();
        else secured.reject(verifyError ?? new Error("TLS handshake failed"));
      },
      error: (_socket, error) => this.#failed(error),
      close: (_socket, error) => {
        if (isTls)
          secured.reject(error ?? new Error("the engine closed the connection during the TLS handshake"));
        if (error) this.#failed(error);
        this.#received.end();
        this.#drained();
      },
    };
    return handlers as unknown as Bun.SocketHandler<undefined>; // the types of connect() know only Buffers
  }

  #failed(error: unknown): void {
    this.#received.fail(error);
    this.#drained();
  }

  #drained(): void {
    this.#onDrain?.();
  }

  get ended(): boolean {
    return this.#received.ended;
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#received.read();
  }

  pump(take: TakeBytes, isDone?: () => boolean): Promise<void> {
    return this.#received.pump(take, isDone);
  }

  unread(bytes: Uint8Array): void {
    this.#received.unread(bytes);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; ; ) {
      const count = this.#socket.write(bytes, done, bytes.byteLength - done);
      if (count < 0) throw new Error("the connection to the engine was closed");
      done += count;
      if (done >= bytes.byteLength) return;
      await new Promise<void>((resume) => {
        this.#onDrain = resume;
      });
    }
  }

  shutdown(): void {
    this.#socket.shutdown();
  }

  close(): void {
    this.#socket.end();
  }
}

function tlsOptions(tls: NonNullable<TcpEndpoint["tls"]>, serverName: string): Bun.TLSOptions {
  return {
    serverName,
    rejectUnauthorized: tls.verify,
    ...(tls.ca ? { ca: tls.ca } : {}),
    ...(tls.cert ? { cert: tls.cert } : {}),
    ...(tls.key ? { key: tls.key } : {}),
  };
}
