import { StartFailed } from "#runtime/start-failed.ts";

/** What a shell would have answered to a start that failed; `fallback` where the failure says nothing of it. */
export function startExitCode(error: unknown, fallback: number): number {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof StartFailed) return at.exitCode;
  return fallback;
}
