/**
 * Log drivers that ship lines somewhere. The supervisor writes every container's output to a file whatever the driver;
 * a shipper gets the lines from there, so that neither a slow nor a dead endpoint is felt by the container.
 */
import type { LogOptions } from "../option-values.ts";
import type { LogSubject } from "../subject.ts";

export interface LogLine {
  readonly stream: "stdout" | "stderr";
  readonly nanos: bigint;
  /** Without the newline, at most 16 KiB. */
  readonly text: Buffer;
  /** Of a line that is longer. */
  readonly partial: { readonly id: string; readonly ordinal: number; readonly last: boolean } | undefined;
}

/** One container's connection to its endpoint. */
export interface Shipper {
  /**
   * Hands lines over in order; resolves when the endpoint has them, as far as its protocol tells.
   * @throws when it does not: the same lines are offered again later, on a new connection
   */
  send(lines: readonly LogLine[]): Promise<void>;
  close(): void;
}

/** What shippers need of the system besides Bun. */
export interface ShipperHost {
  /** A connected datagram socket at a path in the file system. @throws when nobody listens there */
  openDatagram(path: string): DatagramSocket;
  /** A named pipe for its owner alone. */
  makeFifo(path: string): void;
  readonly pid: number;
}

export interface DatagramSocket {
  /** @returns false when the receiver's queue is full: try again later @throws when it has gone, or the message is too large */
  send(message: Uint8Array): boolean;
  close(): void;
}

/** What options say about an endpoint that does not take lines. */
export interface Delivery {
  /** Before the first try again; it doubles from try to try, up to ten seconds. */
  readonly retryMs: number;
  /** Then these lines are given up; Infinity: never. */
  readonly triesMax: number;
  /** How far the endpoint may be behind before lines are dropped; Infinity: the spool's own size is the bound. */
  readonly bufferBytes: number;
}

export interface RemoteDriver {
  /** Where options have a say. */
  delivery?(options: LogOptions): Partial<Delivery>;
  /** @throws InvalidArgument in Docker's words; called when a container is created */
  check(options: LogOptions): void;
  createShipper(options: LogOptions, subject: LogSubject, host: ShipperHost): Shipper;
}
