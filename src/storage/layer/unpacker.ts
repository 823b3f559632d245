import { Limiter } from "#base/async.ts";
import type { Log } from "#base/log.ts";
import type { LayerUnpacker } from "../types.ts";
import { DEFAULT_BOUNDS, type LayerBounds } from "./bounds.ts";
import { checkDiffId } from "./check-diff-id.ts";
import { runJob } from "./helper-process.ts";
import { writeImplicitList } from "./implicit.ts";

export interface LayerUnpackerOptions {
  /** Our own executable and the argument that makes it `runUnpackHelper()`. */
  readonly helperCommand: readonly string[];
  /** Helpers at a time; further layers wait. */
  readonly parallel: number;
  readonly bounds?: Partial<LayerBounds>;
  readonly log: Log;
}

export function createLayerUnpacker(options: LayerUnpackerOptions): LayerUnpacker {
  const { helperCommand, log } = options;
  const limiter = new Limiter(options.parallel);
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
  return {
    async unpack({ source, growing, prepared, expectedDiffId, blobDigest, progress, signal }) {
      const { directory, whiteouts, image } = prepared;
      const isGrowing = growing !== undefined;
      const job = {
        job: "unpack",
        isGrowing,
        source,
        directory,
        whiteouts,
        image,
        bounds,
        expectedDiffId,
        leavesPlain: blobDigest !== undefined,
      } as const;
      const onProgress = progress && ((currentBytes: number) => progress({ currentBytes }));
      const unpacked = await limiter.run(() => runJob(helperCommand, job, { onProgress, growing, signal }));
      const { implicitDirectories, warnings, ...found } = unpacked;
      const result = { ...found, diffId: found.diffId ?? blobDigest!() };
      if (found.diffId === undefined) checkDiffId(result.diffId, expectedDiffId);
      if (warnings.length > 0) log.warn("layer unpacked with losses", { diffId: result.diffId, warnings });
      if (whiteouts === "overlay" && !image) writeImplicitList(prepared, implicitDirectories);
      return result;
    },
  };
}
