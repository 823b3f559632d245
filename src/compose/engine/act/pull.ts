import { messageOf, NotFound } from "#base/errors.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { ComposeContext, ProgressEvent } from "../types.ts";

export interface PullRequest {
  readonly image: string;
  /** "os/arch", "" for the engine's own. */
  readonly platform: string;
  /** Layers are not shown. */
  readonly quiet: boolean;
  /** It could be built instead: a failure is a warning. */
  readonly isOptional: boolean;
}

/** Fetches one image and tells of it. @throws NotFound, or what the engine says */
export async function pullImage(context: ComposeContext, request: PullRequest): Promise<void> {
  const { image, platform, quiet, isOptional } = request;
  const id = `Image ${image}`;
  context.onProgress({ id, status: "working", text: "Pulling" });
  try {
    if (!context.dryRun)
      await context.limiter.run(async () => {
        for await (const line of context.pull(image, platform)) {
          const failure = line.errorDetail?.message ?? line.error;
          if (failure !== undefined) throw new NotFound(failure);
          const event = quiet ? undefined : layerEvent(id, line);
          if (event) context.onProgress(event);
        }
      });
    context.onProgress({ id, status: "done", text: "Pulled" });
  } catch (error) {
    context.onProgress({ id, status: isOptional ? "warning" : "error", text: messageOf(error) });
    if (!isOptional) throw error;
  }
}

const ENDED = ["Download complete", "Already exists", "Pull complete"];

/** Pure: one line of a pull, as progress of a layer. */
export function layerEvent(parent: string, line: ProgressLine): ProgressEvent | undefined {
  const { id, status = "", progressDetail = {} } = line;
  if (!id || status.startsWith("Pulling from")) return undefined;
  const { current = 0, total = 0 } = progressDetail;
  return { id, parent, status: ENDED.includes(status) ? "done" : "working", text: status, current, total };
}
