import type { ImageUsers } from "#images/types.ts";
import type { Context } from "./context.ts";
import { isUp } from "./lifecycle.ts";
import type { Containers } from "./types.ts";

type Records = Pick<Context, "records">;

export function imageUsers({ records }: Records): ImageUsers {
  const usersOf: ImageUsers["usersOf"] = (imageId) =>
    [...records.all()]
      .filter(
        ({ imageId: own, mounts }) => own === imageId || mounts.some(({ image }) => image?.id === imageId),
      )
      .map(({ id, state }) => ({ id, running: isUp(state.status) }));
  return { usersOf, countFor: (imageId) => usersOf(imageId).length };
}

/** For `docker info`: a container that waits for its restart counts as running. */
/** Of containers that run. */
export function runningLogDrivers({ records }: Records): string[] {
  return [...records.all()].flatMap(({ state, hostConfig }) =>
    isUp(state.status) ? [hostConfig.LogConfig?.Type ?? ""] : [],
  );
}

export function countStates({ records }: Records): ReturnType<Containers["counts"]> {
  const counts = { total: 0, running: 0, paused: 0, stopped: 0 };
  for (const { state } of records.all()) {
    counts.total += 1;
    if (state.status === "paused") counts.paused += 1;
    else if (isUp(state.status)) counts.running += 1;
    else counts.stopped += 1;
  }
  return counts;
}
