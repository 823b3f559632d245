import { NotFound } from "#base/errors.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import type { TimedCpuSample } from "./stats-object.ts";
import { millisOf } from "./times.ts";

/** How old a sample may be for the next single answer to be compared with, where nobody asked meanwhile. */
const EVERY_MS = 60_000;
/** Processor time of the host is told in hundredths of a second: over less than this a share is guesswork. */
const YOUNGEST_MS = 200;

interface Warm extends TimedCpuSample {
  readonly atMs: number;
}

type Parts = Pick<Context, "settings" | "records" | "live" | "runtime" | "ticker" | "clock">;

/**
 * Processor time of every running container, looked at now and again: an answer that tells a share needs something to
 * compare with, and a client should not wait for it. Every answer leaves its own sample for the next; where nobody asks,
 * some forty microseconds for each container every minute.
 */
export class WarmSamples {
  readonly #parts: Parts;
  /** Two for each container, the older first. */
  readonly #byId = new Map<string, readonly Warm[]>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * A container runs. Its first sample is taken at the next look, or when somebody asks: nothing is done at a start. One
   * that has run for long, under an earlier daemon, is looked at now.
   */
  begin(id: string, until: AbortSignal): void {
    this.#byId.set(id, []);
    until.addEventListener("abort", () => this.#forget(id), { once: true });
    this.#timer ??= setInterval(() => this.#takeAll(), EVERY_MS);
    this.#timer.unref?.();
    if (!this.#isYoung(id)) this.#tryTake(id);
  }

  /**
   * What a sample taken now is compared with, and how long to wait until then: the youngest sample old enough; for a
   * container that was started since the last look its start, when it had used nothing. Undefined for who does not run.
   */
  before(id: string): { readonly sample: TimedCpuSample | "start"; readonly waitMs: number } | undefined {
    const now = this.#parts.clock.now();
    const known = this.#byId.get(id);
    const sample = known?.findLast(({ atMs }) => now - atMs >= YOUNGEST_MS);
    if (sample) return { sample, waitMs: 0 };
    if (known && this.#isYoung(id)) return { sample: "start", waitMs: 0 };
    if (known?.length === 0) this.#take(id);
    const first = this.#byId.get(id)?.[0];
    return first && { sample: first, waitMs: first.atMs + YOUNGEST_MS - now };
  }

  /** A sample that was taken for an answer. */
  note(id: string, { sample: { cgroup, hostCpuNanos, onlineCpus }, read }: TimedCpuSample): void {
    const sample = { cgroup: { cpu: cgroup.cpu }, hostCpuNanos, onlineCpus };
    this.#keep(id, { sample, read, atMs: this.#parts.clock.now() });
  }

  #isYoung(id: string): boolean {
    const { records, clock } = this.#parts;
    const record = records.get(id);
    return record !== undefined && clock.now() - millisOf(record.state.startedAt) <= EVERY_MS;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#byId.clear();
  }

  #takeAll(): void {
    for (const id of this.#byId.keys()) this.#tryTake(id);
  }

  #tryTake(id: string): void {
    try {
      this.#take(id);
    } catch {
      // the answer that needs it will say why
    }
  }

  #take(id: string): void {
    const { records, runtime, settings, ticker, clock } = this.#parts;
    const record = records.get(id);
    if (!record) {
      this.#forget(id);
      return;
    }
    try {
      const sample = runtime.sampleCpu({ cgroupPath: cgroupPathOf(settings, record) });
      this.#keep(id, { sample, read: ticker.now(), atMs: clock.now() });
    } catch (error) {
      if (!(error instanceof NotFound)) throw error; // it ended a moment ago
    }
  }

  /** One that follows the last too soon is let go: of the two kept one must be old enough. */
  #keep(id: string, warm: Warm): void {
    const last = this.#byId.get(id)?.at(-1);
    if (!this.#byId.has(id) || (last && warm.atMs - last.atMs < YOUNGEST_MS)) return;
    this.#byId.set(id, last ? [last, warm] : [warm]);
  }

  #forget(id: string): void {
    this.#byId.delete(id);
    if (this.#byId.size === 0) this.close();
  }
}
