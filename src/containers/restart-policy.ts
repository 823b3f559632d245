import { InvalidArgument } from "#base/errors.ts";
import type { RestartPolicy } from "#spec/docker/containers.ts";

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 60_000;
/** A container that ran this long is healthy again: the next delay starts from the beginning. */
const STEADY_AFTER_MS = 10_000;

export interface ExitHistory {
  readonly exitCode: number;
  readonly ranMs: number;
  /** Automatic restarts since a user last started the container. */
  readonly restartCount: number;
  /** Delay before the restart that led to this run; 0 when a user started it. */
  readonly lastDelayMs: number;
  /** A stop or kill was asked for: this exit is final. */
  readonly isWanted: boolean;
  /** The engine ended this run to begin another: no policy is asked. */
  readonly isDue?: boolean;
}

/** How long to wait before the container starts again, or undefined to leave it stopped. */
export function restartDelayMs(policy: RestartPolicy | undefined, history: ExitHistory): number | undefined {
  if (history.isWanted || !(history.isDue || wantsRestart(policy, history))) return undefined;
  if (history.lastDelayMs === 0 || history.ranMs >= STEADY_AFTER_MS) return FIRST_DELAY_MS;
  return Math.min(history.lastDelayMs * 2, MAX_DELAY_MS);
}

function wantsRestart(
  policy: RestartPolicy | undefined,
  history: Pick<ExitHistory, "exitCode" | "restartCount">,
): boolean {
  switch (policy?.Name) {
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure": {
      const limit = policy.MaximumRetryCount ?? 0;
      return history.exitCode !== 0 && (limit === 0 || history.restartCount < limit);
    }
    default:
      return false;
  }
}

/** Whether a container that is not running when the daemon starts is to be started. */
export function startsWithDaemon(
  policy: RestartPolicy | undefined,
  state: {
    readonly stoppedByUser: boolean;
    readonly everStarted: boolean;
    readonly exitCode: number;
    readonly restartCount: number;
  },
): boolean {
  switch (policy?.Name) {
    case "always":
      return state.everStarted;
    case "unless-stopped":
      return state.everStarted && !state.stoppedByUser;
    case "on-failure":
      return state.everStarted && !state.stoppedByUser && wantsRestart(policy, state);
    default:
      return false;
  }
}

/** @throws InvalidArgument with Docker's texts */
export function checkRestartPolicy(policy: RestartPolicy | undefined): void {
  const name = policy?.Name ?? "";
  const retries = policy?.MaximumRetryCount ?? 0;
  if (!["", "no", "always", "on-failure", "unless-stopped"].includes(name))
    throw new InvalidArgument(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  if (retries < 0)
    throw new InvalidArgument("invalid restart policy: maximum retry count cannot be negative");
  if (retries > 0 && name !== "on-failure")
    throw new InvalidArgument(
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    );
}
