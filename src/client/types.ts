/** The nouns of the client: where the engine is, and the byte stream that leads there. */

export interface TlsMaterial {
  /** PEM texts. Without `ca` the system's certificate authorities decide. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False accepts any certificate: `--tls` without `--tlsverify`. */
  readonly verify: boolean;
}

/** Where an engine listens. */
export type Endpoint =
  | { readonly scheme: "unix"; readonly path: string }
  | {
      readonly scheme: "tcp";
      readonly host: string;
      readonly port: number;
      /** Put before every request path; "" in the usual case. */
      readonly basePath: string;
      readonly tls?: TlsMaterial;
    }
  | {
      readonly scheme: "ssh";
      readonly user?: string;
      readonly host: string;
      readonly port?: number;
      /** The engine's socket on that machine when it is not the default one. */
      readonly path?: string;
    };

/**
 * A full-duplex byte stream. One reader and one writer at a time; reading slowly slows the other side, and a `write`
 * resolves when there is room for more.
 */
export interface Channel {
  /** The next bytes, or undefined after the other side ended its direction. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Gives all that comes to `take`, as soon as it comes, until the other side has ended its direction. While a promise it
   * returned is open nothing more is given, and the other side waits.
   * @param isDone asked after each piece: true ends it there, with what comes later left to read
   */
  pump(take: TakeBytes, isDone?: () => boolean): Promise<void>;
  /** Puts bytes back: the next `read` gives them first. */
  unread(bytes: Uint8Array): void;
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our direction; reading goes on. */
  shutdown(): void;
  close(): void;
  /** Nothing more can come: the other side ended or the connection failed. */
  readonly ended: boolean;
}

/** @returns a promise only where it cannot go on at once: bulk output must not cost one for each piece */
export type TakeBytes = (bytes: Uint8Array) => Promise<void> | undefined;

/** @throws EngineUnreachable */
export type Dial = () => Promise<Channel>;
