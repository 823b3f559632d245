import { availableParallelism } from "node:os";
import { throwIfAborted } from "#base/async.ts";
import { Internal } from "#base/errors.ts";
import type { LayerCompressor } from "../types.ts";
import { ReadAhead } from "./ahead.ts";
import { BLOCK_BYTES, type CompressJob } from "./compress-job.ts";
import { FrameReader } from "./frame-reader.ts";
import { HELPER_ENVIRONMENT } from "./helper-environment.ts";

export interface LayerCompressorOptions {
  /** Our own executable and the argument that makes it `runUnpackHelper()`. */
  readonly helperCommand: readonly string[];
  /** Default: as many as there are processors. */
  readonly helpers?: number;
}

/**
 * Compresses in helper processes, one for each processor: helper k of n takes the blocks k, k + n, k + 2n, … and what
 * they answer is put together in order. A block's result depends on its bytes alone, so a layer has the same digest
 * however many processors there are.
 */
export function createLayerCompressor({ helperCommand, helpers }: LayerCompressorOptions): LayerCompressor {
  return {
    async *compress({ source, sizeBytes, compression, onProgress, signal }) {
      throwIfAborted(signal, "compressing a layer");
      const blocks = Math.max(1, Math.ceil(sizeBytes / BLOCK_BYTES));
      const count = Math.min(helpers ?? availableParallelism(), blocks);
      const started = Array.from({ length: count }, (_, first) =>
        startHelper(helperCommand, { source, compression, first, step: count, blocks }),
      );
      const kill = () => {
        for (const { child } of started) child.kill("SIGKILL");
      };
      signal?.addEventListener("abort", kill, { once: true });
      try {
        for (let block = 0; block < blocks; block++) {
          const frame = await started[block % count]!.frames.take();
          throwIfAborted(signal, "compressing a layer");
          yield frame;
          onProgress?.(Math.min((block + 1) * BLOCK_BYTES, sizeBytes));
        }
      } finally {
        signal?.removeEventListener("abort", kill);
        kill();
        await Promise.all(started.map(({ child }) => child.exited));
      }
    },
  };
}

/** A helper whose turn has not come goes on with its next blocks: processors are not equally fast at all times. */
const FRAMES_AHEAD = 8;

function startHelper(command: readonly string[], job: CompressJob) {
  const child = Bun.spawn([...command, JSON.stringify(job)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: HELPER_ENVIRONMENT,
  });
  const reader = new FrameReader(child.stdout);
  const stderr = new Response(child.stderr).text();
  const next = async (): Promise<Uint8Array> => {
    const frame = await reader.next();
    if (frame) return frame;
    await child.exited;
    const ending = child.signalCode ?? `exit code ${child.exitCode}`;
    throw new Internal(
      `compressing a layer: helper process ended with ${ending}: ${(await stderr).slice(-2000).trim()}`,
    );
  };
  return { child, frames: new ReadAhead(next, FRAMES_AHEAD) };
}
