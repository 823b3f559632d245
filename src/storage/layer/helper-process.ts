import { throwIfAborted } from "#base/async.ts";
import { Internal } from "#base/errors.ts";
import { splitLines } from "#base/streams.ts";
import type { GrowingBlob } from "../types.ts";
import type { Growth } from "./growing-file.ts";
import { HELPER_ENVIRONMENT } from "./helper-environment.ts";
import { decodeFailure, type Job, type JobLine, type JobResults } from "./job.ts";

export interface RunJobOptions {
  readonly onProgress?: ((currentBytes: number) => void) | undefined;
  /** For a job that reads a file behind its writer. */
  readonly growing?: GrowingBlob | undefined;
  /** Kills the helper; what it has written so far is for the caller to remove. */
  readonly signal?: AbortSignal;
}

/** As much as the helper reads at a time. */
const GROWTH_BYTES = 1 << 20;
/** Bound of one answer: a layer's list of directories without entry is the longest thing in it. */
const MAX_LINE_BYTES = 256 << 20;

/**
 * Runs one job in a process of its own, away from the daemon's thread.
 * @param command of the helper: our own executable with its mode
 * @throws the helper's error; Internal when it ended without an answer; Cancelled
 */
export async function runJob<J extends Job>(
  command: readonly string[],
  job: J,
  { onProgress, growing, signal }: RunJobOptions = {},
): Promise<JobResults[J["job"]]> {
  throwIfAborted(signal, `${job.job} layer`);
  const child = Bun.spawn([...command], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: HELPER_ENVIRONMENT,
  });
  const kill = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  const stderr = new Response(child.stderr).text();
  try {
    await send(child.stdin, job);
    using _following = growing && tellGrowth(child.stdin, growing);
    for await (const text of splitLines(child.stdout, MAX_LINE_BYTES)) {
      const line = JSON.parse(text) as JobLine;
      if ("progress" in line) onProgress?.(line.progress);
      else if ("failed" in line) throw decodeFailure(line.failed);
      else return line.result as JobResults[J["job"]];
    }
    throwIfAborted(signal, `${job.job} layer`);
    await child.exited;
    const ending = child.signalCode ?? `exit code ${child.exitCode}`;
    throw new Internal(
      `${job.job} layer: helper process ended with ${ending}: ${(await stderr).slice(-2000).trim()}`,
    );
  } finally {
    signal?.removeEventListener("abort", kill);
    kill();
    await child.exited;
  }
}

/** A line for each further piece worth reading. */
function tellGrowth(stdin: Bun.FileSink, growing: GrowingBlob): Disposable {
  let told = 0;
  return growing.follow((bytes, isComplete) => {
    if (bytes - told < GROWTH_BYTES && !isComplete) return;
    told = bytes;
    void send(stdin, { bytes, isComplete } satisfies Growth);
  });
}

/** The pipe is left open: its end would tell the helper that we have gone. */
async function send(stdin: Bun.FileSink, message: Job | Growth): Promise<void> {
  try {
    stdin.write(`${JSON.stringify(message)}\n`);
    await stdin.flush();
  } catch {
    // a helper that died at once is noticed by its silence
  }
}
