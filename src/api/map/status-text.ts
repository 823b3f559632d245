import { humanDuration } from "#base/human-duration.ts";
import type { StateRecord } from "#containers/types.ts";

/** The STATUS column of `ps`: "Up 5 minutes (healthy)", "Exited (0) 2 seconds ago". */
export function statusText(state: StateRecord, nowMs: number): string {
  const since = (time: string) => humanDuration(nowMs - Date.parse(time));
  switch (state.status) {
    case "running":
      return `Up ${since(state.startedAt)}${healthSuffix(state)}`;
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case "exited":
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "created":
      return "Created";
  }
}

function healthSuffix({ health }: StateRecord): string {
  if (!health || health.Status === "none") return "";
  return health.Status === "starting" ? " (health: starting)" : ` (${health.Status})`;
}
