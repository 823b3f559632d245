import type { RecoveredExec } from "#runtime/types.ts";
import type { ExecConfig } from "#spec/docker/exec.ts";
import type { Context } from "./context.ts";
import { endTold, watchSession } from "./exec.ts";
import type { ExecSession } from "./exec-sessions.ts";
import { pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";

/**
 * The exec sessions of a container that runs on: clients lost their connections with the daemon that had them, but the
 * processes go on, can be inspected and resized, and their end is told, also when it came while no daemon ran.
 */
export async function recoverSessions(ctx: Context, record: ContainerRecord): Promise<void> {
  const { runDirectory } = pathsOf(ctx.settings, record.id);
  const found = await ctx.runtime.recoverExecs({ containerId: record.id, runDirectory });
  for (const one of found) {
    const session = sessionOf(record, one);
    if (!session) continue;
    ctx.sessions.add(session);
    if (one.recovered.state === "running") void watchSession(ctx, record, session, one.recovered.process);
    else endTold(ctx, record, session, one.recovered.status.code);
  }
}

function sessionOf(record: ContainerRecord, { id, note, recovered }: RecoveredExec): ExecSession | undefined {
  try {
    return {
      id,
      containerId: record.id,
      config: JSON.parse(note) as ExecConfig,
      state: "running",
      process: recovered.state === "running" ? recovered.process : undefined,
      exitCode: undefined,
    };
  } catch {
    return undefined; // half a note: its daemon died while it wrote it, and nobody was told of the session
  }
}
