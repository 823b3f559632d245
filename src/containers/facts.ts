import type { Context } from "./context.ts";
import type { ContainerRecord, StateRecord } from "./types.ts";

/**
 * Notes what has happened, or what a user wants to end. A full disk may refuse plans, but neither of these: then they
 * hold in memory, and the next daemon finds out anew, from the supervisor and its exit record.
 */
export function recordFact(ctx: Pick<Context, "records" | "log">, changed: ContainerRecord): ContainerRecord {
  try {
    return ctx.records.put(changed);
  } catch (error) {
    ctx.log.error("cannot store what happened to a container", { container: changed.id, error });
    return ctx.records.putUnstored(changed);
  }
}

export function withState(record: ContainerRecord, change: Partial<StateRecord>): ContainerRecord {
  return { ...record, state: { ...record.state, ...change } };
}
