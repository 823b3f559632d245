import type { Clock } from "#base/clock.ts";
import { shortId } from "#base/ids.ts";
import { progressLine } from "./progress.ts";
import type { Emit } from "./progress-stream.ts";
import type { PushLayer } from "./push-plan.ts";

/** Bars of one layer come at least this far apart; a terminal shows no more. */
const BAR_INTERVAL_MS = 100;

export interface LayerTeller {
  /** "Preparing", "Pushed", … */
  say(status: string): void;
  bar(status: string, currentBytes: number, totalBytes: number): void;
}

/** Tells one layer's way to the registry in dockerd's words. */
export function layerTeller({ blob, diffId }: PushLayer, emit: Emit, clock: Pick<Clock, "now">): LayerTeller {
  const id = shortId(diffId ?? blob.digest);
  let lastBarMs = Number.NEGATIVE_INFINITY;
  return {
    say: (status) => emit(progressLine(id, status)),
    bar(status, current, total) {
      if (clock.now() - lastBarMs < BAR_INTERVAL_MS) return;
      lastBarMs = clock.now();
      emit(progressLine(id, status, { current, total }));
    },
  };
}
