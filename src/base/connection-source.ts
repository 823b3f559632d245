import type { BodyPosition } from "./http-chunks.ts";
import type { ByteSource } from "./streams.ts";

/** Bytes that come over a connection another process can go on reading: whoever passes them on need not touch them. */
export interface ConnectionSource extends ByteSource {
  /** Non-blocking; undefined where only this process can read, such as with TLS. */
  readonly fd: number | undefined;
  /**
   * From here on only the other reads. When it is not given back, the connection ends with the answer.
   * @returns undefined when there is no such connection (any more), or nothing to read
   */
  handOver(): Promise<HandedOver | undefined>;
}

export interface HandedOver {
  readonly position: BodyPosition;
  /** What has been received before, undecoded. */
  readonly received: Uint8Array;
  /** All of it has been read. @param beyond what was read behind it */
  giveBack(beyond: Uint8Array): void;
}

export function isConnectionSource(source: ByteSource): source is ConnectionSource {
  return "handOver" in source;
}
