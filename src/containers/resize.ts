import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";

/** The terminal's size in characters. A container without one takes it and does nothing, as in Docker. */
export function resizeContainer(ctx: Context, nameOrId: string, rows: number, columns: number): void {
  const record = ctx.records.resolve(nameOrId);
  nextStatus(subjectOf(ctx, record), "resize");
  ctx.live.find(record.id)?.run?.process.resize(rows, columns);
  emitContainerEvent(ctx, record, "resize", { height: `${rows}`, width: `${columns}` });
}
