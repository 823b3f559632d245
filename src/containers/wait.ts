import type { Context } from "./context.ts";
import { isUp } from "./lifecycle.ts";
import type { WaitCondition, WaitResult } from "./types.ts";

/** From the return of this call on, nothing that happens is missed. */
export function waitFor(
  ctx: Context,
  nameOrId: string,
  condition: WaitCondition,
  signal?: AbortSignal,
): { readonly result: Promise<WaitResult> } {
  const { id, state } = ctx.records.resolve(nameOrId);
  if (condition === "not-running" && !isUp(state.status) && !state.isStarting)
    return { result: Promise.resolve({ exitCode: state.exitCode, error: undefined }) };
  const result = ctx.live.of(id).waiters.add(condition, signal);
  result.catch(() => {}); // a client that goes before it asks for the result is no failure of ours
  return { result };
}
