import type { Clock } from "#base/clock.ts";
import { shortId } from "#base/ids.ts";
import type { LayerStage } from "./layers.ts";
import { progressLine } from "./progress.ts";
import type { Emit } from "./progress-stream.ts";
import type { LayerPlan } from "./pull-plan.ts";

/** Bars of one layer come at least this far apart; a terminal shows no more. */
const BAR_INTERVAL_MS = 100;

/** Tells one layer's stages in dockerd's words. */
export function layerProgress(
  { blob }: LayerPlan,
  emit: Emit,
  clock: Pick<Clock, "now">,
): (stage: LayerStage) => void {
  const id = shortId(blob.digest);
  let lastBarMs = Number.NEGATIVE_INFINITY;
  let hasBytes = false;
  let isHere = false;
  const bar = (status: string, currentBytes: number) => {
    const isDue = clock.now() - lastBarMs >= BAR_INTERVAL_MS;
    if (!isDue) return;
    lastBarMs = clock.now();
    emit(progressLine(id, status, { current: currentBytes, total: blob.size }));
  };
  return (stage) => {
    switch (stage.stage) {
      case "downloading":
        hasBytes = true;
        return bar("Downloading", stage.currentBytes);
      case "downloaded":
        isHere = true;
        lastBarMs = Number.NEGATIVE_INFINITY; // the first bar of the unpacking is due at once
        if (hasBytes) emit(progressLine(id, "Verifying Checksum"));
        return emit(progressLine(id, "Download complete"));
      case "unpacking":
        // a layer is unpacked while it comes, but a client's one line for it can only tell one of both
        if (isHere) bar("Extracting", stage.currentBytes);
        return;
      case "unpacked":
        return emit(progressLine(id, "Pull complete"));
    }
  };
}
