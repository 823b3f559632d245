/** Bytes to an endpoint: streams (TCP, TLS, unix), connected when first needed, and datagrams (UDP, unixgram). */
import { lookup } from "node:dns/promises";
import type { LogAddress } from "./address.ts";
import type { ShipperHost } from "./types.ts";

export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly rejectUnauthorized: boolean;
}

export interface Transport {
  /** @throws when the endpoint is not there, or has gone; the next call connects anew */
  send(messages: readonly Uint8Array[]): Promise<void>;
  close(): void;
}

interface TransportOptions {
  readonly tls?: TlsOptions | undefined;
  readonly host: ShipperHost;
}

export function createTransport(address: LogAddress, options: TransportOptions): Transport {
  if (address.scheme === "udp") return new UdpTransport(address.host, address.port);
  if (address.scheme === "unixgram") return new DatagramTransport(address.path, options.host);
  return new StreamTransport(address, options.tls);
}

/** How long an endpoint may take to accept a connection, or to take anything of what was written. */
const PATIENCE_MS = 10_000;

/** Connects, writes with the peer's pace, and reads where the protocol has answers. */
export class StreamTransport implements Transport {
  readonly #address: Exclude<LogAddress, { scheme: "udp" }>;
  readonly #tls: TlsOptions | undefined;
  #socket: Bun.Socket | undefined;
  #onDrain: (() => void) | undefined;
  #lost: Error | undefined;
  #attempts = 0;
  patienceMs = PATIENCE_MS;
  /** Gets what the endpoint answers. */
  onData: ((bytes: Uint8Array) => void) | undefined;
  onClose: (() => void) | undefined;

  constructor(address: Exclude<LogAddress, { scheme: "udp" }>, tls?: TlsOptions) {
    this.#address = address;
    this.#tls = tls;
  }

  async send(messages: readonly Uint8Array[]): Promise<void> {
    const socket = this.#socket ?? (await this.#connect());
    await this.#writeAll(socket, Buffer.concat(messages));
    await Bun.sleep(0); // a peer that has gone shows by now, where the kernel knows
    if (this.#lost) throw this.#lost;
  }

  close(): void {
    this.#socket?.end();
    this.#socket = undefined;
  }

  async #connect(): Promise<Bun.Socket> {
    this.#lost = undefined;
    const attempt = ++this.#attempts;
    const opened = Promise.withResolvers<void>();
    const where =
      "path" in this.#address
        ? { unix: this.#address.path }
        : { hostname: this.#address.host, port: this.#address.port };
    const tls = this.#tls && {
      tls: { ...this.#tls, serverName: "host" in this.#address ? this.#address.host : "" },
    };
    const lose = (error: Error) => {
      opened.reject(error);
      if (attempt !== this.#attempts) return; // the end of a connection that another has followed
      this.#lost = error;
      this.#socket = undefined;
      this.#onDrain?.();
      this.onClose?.();
    };
    const handlers = {
      open: () => !tls && opened.resolve(),
      handshake: (_socket: Bun.Socket, isSecure: boolean, error: Error | null) =>
        isSecure || !this.#tls?.rejectUnauthorized
          ? opened.resolve()
          : lose(error ?? new Error("TLS handshake failed")),
      data: (_socket: Bun.Socket, bytes: Uint8Array) => this.onData?.(bytes),
      drain: () => this.#onDrain?.(),
      close: () => lose(new Error("the endpoint closed the connection")),
      error: (_socket: Bun.Socket, error: Error) => lose(error),
      connectError: (_socket: Bun.Socket, error: Error) => lose(error),
    };
    const patience = setTimeout(() => lose(new Error("the endpoint does not answer")), PATIENCE_MS);
    opened.promise.catch(() => {});
    const connecting = Bun.connect({ ...where, ...tls, socket: handlers } as Parameters<
      typeof Bun.connect
    >[0]);
    try {
      // An endpoint that says neither yes nor no is not waited for longer than that.
      const socket = (await Promise.race([connecting, opened.promise.then(() => connecting)])) as Bun.Socket;
      await opened.promise;
      this.#socket = socket;
      return socket;
    } catch (error) {
      void connecting.then(
        (late) => late.terminate(),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }

  async #writeAll(socket: Bun.Socket, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const written = socket.write(bytes.subarray(at));
      if (this.#lost || written < 0) throw this.#lost ?? new Error("the endpoint closed the connection");
      at += written;
      if (at < bytes.length && !(await this.#drained())) {
        socket.terminate();
        throw new Error("the endpoint takes nothing any more");
      }
    }
    socket.flush();
  }

  #drained(): Promise<boolean> {
    return new Promise((resolve) => {
      const patience = setTimeout(() => resolve(false), Math.min(this.patienceMs, 2 ** 31 - 1));
      this.#onDrain = () => {
        clearTimeout(patience);
        resolve(true);
      };
    });
  }
}

/** UDP tells of nobody at the other end at most by chance: what is sent counts as delivered. */
class UdpTransport implements Transport {
  readonly #host: string;
  readonly #port: number;
  #socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async send(messages: readonly Uint8Array[]): Promise<void> {
    this.#socket ??= await this.#connect();
    const socket = this.#socket;
    for (const message of messages) {
      for (let tries = 0; !socket.send(message); tries++) {
        if (tries > 1000) throw new Error("the network takes no more datagrams");
        await Bun.sleep(1);
      }
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  async #connect(): Promise<Bun.udp.ConnectedSocket<"buffer">> {
    const { address } = await lookup(this.#host);
    const connect = { hostname: address, port: this.#port };
    return await Bun.udpSocket({ connect, socket: { error() {} } });
  }
}

/** Local datagrams: a full receiver is waited for, one that has gone is a failure. */
export class DatagramTransport implements Transport {
  readonly #path: string;
  readonly #host: ShipperHost;
  #socket: ReturnType<ShipperHost["openDatagram"]> | undefined;

  constructor(path: string, host: ShipperHost) {
    this.#path = path;
    this.#host = host;
  }

  async send(messages: readonly Uint8Array[]): Promise<void> {
    try {
      this.#socket ??= this.#host.openDatagram(this.#path);
      const socket = this.#socket;
      for (const message of messages) {
        const until = Date.now() + PATIENCE_MS;
        while (!socket.send(message)) {
          if (Date.now() > until) throw new Error(`${this.#path}: the receiver takes nothing any more`);
          await Bun.sleep(1);
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
