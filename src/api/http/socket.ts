/**
 * One accepted connection as a Node stream.
 *
 * Built on Bun's own sockets and not on node:net, because only they tell a peer that closed from one that merely ended
 * its half: a hijacked session whose client died would otherwise stay for as long as its container is silent.
 */
import { Duplex } from "node:stream";

export type RawSocket = Bun.Socket<PeerSocket | undefined>;

/** Receives the bytes of a connection in place of its readable side, while HTTP is spoken. */
export interface InputSink {
  receive(chunk: Buffer): void;
  /** The peer will send no more, or the connection is lost. */
  ended(): void;
}

/** The side of a connection that bytes come from. */
export interface InputSource {
  divert(sink: InputSink): void;
  /** Back to a stream: `rest` and what comes later can be read from the connection itself. */
  restore(rest: Buffer): void;
  /** Undefined when it is closed, or only we can read it. */
  readonly fd: number | undefined;
  pauseInput(): void;
  resumeInput(): void;
}

/** A connection for another process to go on with. */
export interface OfferedSocket {
  readonly fd: number;
  /** Closes our hold on it, without ending the connection. */
  release(): void;
}

export interface PeerCertificate {
  readonly commonName: string;
  readonly pem: string;
}

/** As Bun shows it; node's types do not know that there may be none. */
interface BunCertificate {
  readonly subject?: { readonly CN?: string | readonly string[] };
  /** DER. */
  readonly raw?: Buffer;
}

type WriteCallback = (error?: Error | null) => void;

export class PeerSocket extends Duplex implements InputSource {
  readonly #raw: RawSocket;
  readonly #isPlain: boolean;
  #sink: InputSink | undefined;
  #isPaused = false;
  #hasEnded = false;
  #unsent: { readonly bytes: Uint8Array; readonly done: WriteCallback } | undefined;

  /** @param isPlain without TLS: closing one hold of it leaves the others alone */
  constructor(raw: RawSocket, isPlain = false) {
    super({ allowHalfOpen: true, readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#raw = raw;
    this.#isPlain = isPlain;
  }

  /**
   * This connection for another process to go on with, unread from now on; undefined where bytes of it are here
   * already, or pass through TLS.
   */
  offer(): OfferedSocket | undefined {
    const { fd } = this.#raw as { readonly fd?: number };
    const isQuiet = this.readableLength === 0 && this.writableLength === 0 && !this.#hasEnded;
    if (!this.#isPlain || fd === undefined || fd < 0 || this.destroyed || !isQuiet) return undefined;
    this.pauseInput();
    return { fd, release: () => void this.destroy() };
  }

  /** Undefined when it is closed, or passes through TLS: then the kernel knows nothing of what was read. */
  get fd(): number | undefined {
    const { fd = -1 } = this.#raw as { readonly fd?: number };
    return this.#isPlain && fd >= 0 ? fd : undefined;
  }

  /** Of a client that proved who it is; undefined without TLS, and where none was asked for. */
  peerCertificate(): PeerCertificate | undefined {
    if (this.#isPlain) return undefined;
    const { subject, raw } = (
      this.#raw as { getPeerCertificate?(isBrief: boolean): BunCertificate }
    ).getPeerCertificate?.(true) ?? { subject: undefined, raw: undefined };
    if (!raw) return undefined;
    const name = subject?.CN;
    const base64 = raw.toString("base64").replace(/.{64}(?!$)/g, "$&\n");
    return {
      commonName: (Array.isArray(name) ? name[0] : name) ?? "",
      pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    };
  }

  /** Destroys the connection when nothing passes for so long; 0: never. Coarse, ± 4 s. */
  setIdleTimeout(seconds: number): void {
    if (!this.destroyed) this.#raw.timeout(seconds);
  }

  divert(sink: InputSink): void {
    this.#sink = sink;
  }

  restore(rest: Buffer): void {
    this.#sink = undefined;
    if (rest.byteLength > 0) this.receive(rest);
    if (this.#hasEnded) this.push(null);
    else if (rest.byteLength === 0) this.resumeInput();
  }

  pauseInput(): void {
    if (this.#isPaused || this.destroyed) return;
    this.#isPaused = true;
    this.#raw.pause();
  }

  resumeInput(): void {
    if (!this.#isPaused || this.destroyed) return;
    this.#isPaused = false;
    this.#raw.resume();
  }

  override _read(): void {
    if (!this.#sink) this.resumeInput();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: WriteCallback): void {
    const written = this.#raw.write(chunk);
    if (written < 0) done(new ConnectionLost());
    else if (written === chunk.byteLength) done();
    else this.#unsent = { bytes: chunk.subarray(written), done };
  }

  override _final(done: WriteCallback): void {
    this.#raw.shutdown();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    // Terminating TCP throws away what the kernel has not sent yet: only for a stream that is given up.
    if (this.writableFinished && !error) this.#raw.end();
    else this.#raw.terminate();
    unsent?.done(new ConnectionLost());
    done(error);
  }

  // The events of the raw socket, passed on by the listener.

  receive(chunk: Buffer): void {
    if (this.#sink) this.#sink.receive(chunk);
    else if (!this.push(chunk)) this.pauseInput();
  }

  drain(): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent) this._write(unsent.bytes, "utf8", unsent.done);
  }

  peerEnded(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#sink) this.#sink.ended();
    else this.push(null);
  }

  /** Gone in both directions; what came before can still be read. */
  peerClosed(): void {
    this.peerEnded();
    if (this.readableLength > 0) this.once("end", () => this.destroy());
    else this.destroy();
  }
}

export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  readonly code = "EPIPE";

  constructor() {
    super("the client closed the connection");
  }
}
