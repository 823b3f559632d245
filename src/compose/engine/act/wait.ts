import { Conflict, NotFound } from "#base/errors.ts";
import type { Condition } from "../plan/types.ts";
import type { Referable } from "../references.ts";
import type { ComposeContext, ProgressEvent } from "../types.ts";
import { judge, SETTLED_MS, type Verdict } from "./conditions.ts";
import type { StateWatch } from "./watch.ts";

export interface WaitRequest {
  readonly service: string;
  readonly condition: Condition;
  /** False: what does not come true is only warned of. */
  readonly isRequired: boolean;
  readonly containers: readonly Referable[];
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
}

/**
 * Waits until all containers of a service meet a condition; of one to complete, until the first has ended.
 * @throws Conflict why it cannot come true any more, or that it took too long
 */
export async function waitForCondition(
  context: ComposeContext,
  watch: StateWatch,
  request: WaitRequest,
): Promise<void> {
  const { service, condition, isRequired, containers, timeoutMs } = request;
  const tell = (status: ProgressEvent["status"], text: string) => {
    for (const { name } of containers) context.onProgress({ id: `Container ${name}`, status, text });
  };
  if (containers.length === 0) {
    if (isRequired) throw new NotFound(`missing dependency ${service}`);
    context.warn(`missing dependency ${service}`);
    return;
  }
  tell("working", "Waiting");
  const deadline = timeoutMs > 0 ? Date.now() + timeoutMs : Number.POSITIVE_INFINITY;
  const verdict = await untilDecided(context, watch, { ...request, deadline });
  if (verdict.is === "met") return tell("done", verdict.word);
  const reason = verdict.is === "failed" ? verdict.reason : `not ${condition} after ${timeoutMs / 1000}s`;
  if (!isRequired) {
    tell("warning", `Skipped: optional dependency ${reason}`);
    context.warn(`optional dependency "${service}": ${reason}`);
    return;
  }
  tell("error", condition === "service_healthy" ? `dependency ${service} failed to start` : reason);
  throw new Conflict(condition === "service_healthy" ? `dependency failed to start: ${reason}` : reason, {
    hint: `Its log says more: 'wharf compose logs ${service}'`,
  });
}

async function untilDecided(
  context: ComposeContext,
  watch: StateWatch,
  request: WaitRequest & { readonly deadline: number },
): Promise<Verdict> {
  for (;;) {
    const left = request.deadline - Date.now();
    const changed = watch.next(request.condition === "running_or_healthy" ? SETTLED_MS : left);
    const verdict = await look(context, request);
    if (verdict.is !== "open" || left <= 0) return verdict;
    await changed;
  }
}

async function look(
  { client, limiter }: ComposeContext,
  { service, condition, containers }: WaitRequest,
): Promise<Verdict> {
  const verdicts = await Promise.all(
    containers.map(({ id }) =>
      limiter.run(async () =>
        judge(condition, await client.containers.inspect(id), { service, nowMs: Date.now() }),
      ),
    ),
  );
  const ended = condition === "service_completed_successfully" && verdicts.find(({ is }) => is === "met");
  return (
    verdicts.find(({ is }) => is === "failed") ||
    ended ||
    verdicts.find(({ is }) => is === "open") ||
    verdicts[0]!
  );
}
