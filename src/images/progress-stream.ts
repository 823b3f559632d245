import type { ProgressLine } from "#spec/docker/images.ts";
import { errorLine } from "./progress.ts";

export type Emit = (line: ProgressLine) => void;

/**
 * The lines a job emits, as they come. A reader slower than the job sees only the latest of several bars of one layer,
 * so what waits is bounded by the number of layers. A reader that leaves, or the caller's signal, ends the job.
 * @throws what the job throws before its first line; later failures are the last line
 */
export async function* streamProgress(
  job: (emit: Emit, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<ProgressLine> {
  const leaving = new AbortController();
  const lines = new WaitingLines();
  const run = job(
    (line) => lines.add(line),
    signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal,
  );
  const ended = run.then(
    () => lines.end(),
    (error: unknown) => lines.end({ error }),
  );
  let isFirst = true;
  try {
    for (let batch = await lines.take(); batch.length > 0; batch = await lines.take()) {
      yield* batch;
      isFirst = false;
    }
    if (!lines.failure) return;
    if (isFirst) throw lines.failure.error;
    yield errorLine(lines.failure.error);
  } finally {
    leaving.abort(new Error("nobody reads the progress"));
    await ended;
  }
}

/** Lines emitted but not yet read. */
class WaitingLines {
  #waiting: ProgressLine[] = [];
  /** Place of each bar in `#waiting`. */
  #bars = new Map<string, number>();
  #wake = Promise.withResolvers<void>();
  #hasEnded = false;
  failure: { readonly error: unknown } | undefined;

  add(line: ProgressLine): void {
    const bar = line.progress === undefined ? undefined : `${line.id} ${line.status}`;
    const place = bar === undefined ? undefined : this.#bars.get(bar);
    if (place !== undefined) {
      this.#waiting[place] = line;
      return;
    }
    if (bar !== undefined) this.#bars.set(bar, this.#waiting.length);
    this.#waiting.push(line);
    this.#wake.resolve();
  }

  end(failure?: { readonly error: unknown }): void {
    this.#hasEnded = true;
    this.failure = failure;
    this.#wake.resolve();
  }

  /** All that waits; empty at the end. */
  async take(): Promise<ProgressLine[]> {
    if (this.#waiting.length === 0 && !this.#hasEnded) await this.#wake.promise;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#bars = new Map();
    this.#wake = Promise.withResolvers();
    return batch;
  }
}
