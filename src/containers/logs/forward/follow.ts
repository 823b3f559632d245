import { systemClock } from "#base/clock.ts";
import { parseBytes } from "#base/units.ts";
import { pluginDriver } from "../drivers/plugin.ts";
import { REMOTE_DRIVERS } from "../drivers/remote.ts";
import type { Delivery, LogLine, RemoteDriver, Shipper, ShipperHost } from "../drivers/types.ts";
import { RecordCutter } from "../local-records.ts";
import { LineAssembler } from "./lines.ts";
import { RemovedWhileFollowed, type ShipReport } from "./reports.ts";
import { Position, readTarget, removedAt, removeSpool, type SpoolTarget } from "./spool.ts";
import { SpoolReader } from "./spool-reader.ts";

/** Between two looks at a quiet spool, when nobody has told of a change. */
const LOOK_AGAIN_MS = 1000;
const RETRY_MAX_MS = 10_000;
/** What a removed container has written is offered to a dead endpoint so long. */
export const GIVE_UP_MS = 10 * 60_000;
/** Lines handed over at once. */
const BATCH_LINES = 512;
const BATCH_BYTES = 512 * 1024;

interface Batch {
  readonly lines: LogLine[];
  /** Where the spool may be read on from when these are sent. */
  position: number;
  lostBytes: number;
}

export interface FollowOptions {
  readonly directory: string;
  readonly host: ShipperHost;
  readonly report: (report: ShipReport) => void;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Ships one container's spool: every line in order, each at least once, for as long as the spool keeps it. */
export class SpoolFollower {
  readonly #options: FollowOptions;
  readonly #target: SpoolTarget;
  readonly #shipper: Shipper;
  readonly #delivery: Delivery;
  #isRunning: boolean;
  #wake: (() => void) | undefined;
  #changed = false;
  #failures = 0;

  constructor(options: FollowOptions, isRunning: boolean) {
    this.#options = options;
    this.#isRunning = isRunning;
    this.#target = readTarget(options.directory);
    const { options: logOptions, subject } = this.#target;
    this.#shipper = driverOf(this.#target).createShipper(logOptions, subject, options.host);
    this.#delivery = deliveryOf(this.#target);
  }

  /** Something was written, or happened to the container. */
  notify(isRunning = this.#isRunning): void {
    this.#isRunning = isRunning;
    this.#changed = true;
    this.#wake?.();
  }

  /** Until the container does not run any more and everything is sent; then the spool of a removed container is gone. */
  async run(): Promise<void> {
    const { directory, signal } = this.#options;
    using position = new Position(directory);
    using reader = new SpoolReader(directory, position.value);
    const cutter = new RecordCutter();
    const assembler = new LineAssembler();
    try {
      for (;;) {
        const wasRunning = this.#isRunning; // asked before reading: what was written until then is read now
        for await (const batch of batches(reader, cutter, assembler))
          await this.#ship(batch, position, reader);
        if (signal.aborted) return;
        if (!wasRunning) break;
        await this.#nextChange();
      }
      const rest = { lines: assembler.flush(), position: reader.position, lostBytes: 0 };
      await this.#ship(rest, position, reader);
    } catch (error) {
      if (!(error instanceof RemovedWhileFollowed)) throw error;
    } finally {
      this.#shipper.close();
    }
    if (!signal.aborted && removedAt(directory) !== undefined) removeSpool(directory);
  }

  /** @throws RemovedWhileFollowed when nobody will ever want the rest */
  async #ship(batch: Batch, position: Position, reader: SpoolReader): Promise<void> {
    const { directory, report, signal } = this.#options;
    if (batch.lostBytes > 0) report({ directory, kind: "lost", bytes: batch.lostBytes });
    if (batch.lines.length > 0) {
      if (this.#isTooFarBehind(reader)) report({ directory, kind: "dropped", lines: batch.lines.length });
      else await this.#offer(batch.lines);
    }
    if (!signal.aborted) position.value = batch.position;
  }

  async #offer(lines: readonly LogLine[]): Promise<void> {
    const { directory, report, signal, now } = this.#options;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await this.#shipper.send(lines);
        if (this.#failures > 0) report({ directory, kind: "recovered" });
        this.#failures = 0;
        return;
      } catch (error) {
        this.#shipper.close();
        if (this.#failures++ === 0) report({ directory, kind: "failing", reason: (error as Error).message });
      }
      if (tries >= this.#delivery.triesMax)
        return report({ directory, kind: "dropped", lines: lines.length });
      const removed = removedAt(directory);
      if (removed !== undefined && now() - removed > GIVE_UP_MS) throw new RemovedWhileFollowed();
      await sleepUnless(
        signal,
        Math.min(RETRY_MAX_MS, this.#delivery.retryMs * 2 ** Math.min(tries - 1, 10)),
      );
    }
  }

  #isTooFarBehind(reader: SpoolReader): boolean {
    const { bufferBytes } = this.#delivery;
    return bufferBytes < Number.POSITIVE_INFINITY && reader.lagBytes > bufferBytes;
  }

  async #nextChange(): Promise<void> {
    if (!this.#changed) await this.#pause(LOOK_AGAIN_MS);
    this.#changed = false;
    // What is on disk counts, whether or not somebody could tell of it.
    if (removedAt(this.#options.directory) !== undefined) this.#isRunning = false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resume) => {
      const timer = setTimeout(resume, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resume();
      };
    });
  }
}

/** However much is written meanwhile: what a dead endpoint is asked must not depend on it. */
function sleepUnless(signal: AbortSignal, ms: number): Promise<void> {
  return systemClock.sleep(ms, signal);
}

const USUAL: Delivery = {
  retryMs: 250,
  triesMax: Number.POSITIVE_INFINITY,
  bufferBytes: Number.POSITIVE_INFINITY,
};

function driverOf({ driver, plugin }: SpoolTarget): Pick<RemoteDriver, "createShipper" | "delivery"> {
  return plugin ? pluginDriver(driver, plugin) : REMOTE_DRIVERS[driver]!;
}

function deliveryOf(target: SpoolTarget): Delivery {
  const { options } = target;
  const own = { ...USUAL, ...driverOf(target).delivery?.(options) };
  if (options.mode !== "non-blocking") return own;
  return { ...own, bufferBytes: parseBytes(options["max-buffer-size"] ?? "1m") };
}

async function* batches(
  reader: SpoolReader,
  cutter: RecordCutter,
  assembler: LineAssembler,
): AsyncGenerator<Batch> {
  for await (const chunk of reader.read()) {
    if (chunk.lostBytes > 0) cutter.reset();
    let batch: Batch = { lines: [], position: chunk.position, lostBytes: chunk.lostBytes };
    const ready: Batch[] = [];
    let bytes = 0;
    cutter.push(chunk.bytes, (record, at, head, offset) => {
      const position = chunk.position + offset;
      batch.lines.push(...assembler.push(record, at, head, position));
      batch.position = assembler.safePosition(position + head.recordBytes);
      bytes += head.payloadBytes;
      if (batch.lines.length < BATCH_LINES && bytes < BATCH_BYTES) return;
      ready.push(batch);
      batch = { lines: [], position: batch.position, lostBytes: 0 };
      bytes = 0;
    });
    for (const full of ready) yield full;
    yield batch;
  }
}
