import { NotFound } from "#base/errors.ts";
import type { SupervisedProcess } from "#runtime/types.ts";
import type { ExecConfig } from "#spec/docker/exec.ts";

/** Sessions kept in all; beyond, the oldest that do not run are forgotten. */
const MAX_SESSIONS = 4096;
/** Of what clients asked for in all sessions together: one request may be as long as its body. */
const MAX_CONFIG_BYTES = 32 << 20;
/** A session that nobody has started by then never will be. */
const UNSTARTED_MS = 60 * 60_000;
/** So long a client may still ask how its session ended. */
export const KEPT_AFTER_END_MS = 5 * 60_000;

/** One process that was asked for in a running container. */
export interface ExecSession {
  readonly id: string;
  readonly containerId: string;
  readonly config: ExecConfig;
  state: "created" | "starting" | "running" | "ended";
  process: SupervisedProcess | undefined;
  exitCode: number | undefined;
}

/** Exec sessions live with the daemon: after its restart nobody knows them, as with Docker's. */
export class ExecSessions {
  readonly #byId = new Map<string, ExecSession>();
  readonly #kept = new Map<string, { readonly bytes: number; readonly sinceMs: number }>();
  readonly #now: () => number;
  #bytes = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(session: ExecSession): void {
    const kept = { bytes: sizeOf(session.config), sinceMs: this.#now() };
    this.#makeRoom(kept.bytes);
    this.#byId.set(session.id, session);
    this.#kept.set(session.id, kept);
    this.#bytes += kept.bytes;
  }

  /** @throws NotFound "No such exec instance: X" */
  get(id: string): ExecSession {
    const session = this.#byId.get(id);
    if (!session) throw new NotFound(`No such exec instance: ${id}`);
    return session;
  }

  forget(id: string): void {
    this.#byId.delete(id);
    this.#bytes -= this.#kept.get(id)?.bytes ?? 0;
    this.#kept.delete(id);
  }

  /** Of the sessions a container has or had, those `inspect` shows: started and not ended. */
  openIdsOf(containerId: string): string[] {
    return this.#of(containerId)
      .filter((session) => session.state !== "ended")
      .map((session) => session.id);
  }

  /** The container's process has ended: what was not started never will be. */
  dropUnstarted(containerId: string): void {
    for (const session of this.#of(containerId)) if (session.state === "created") this.forget(session.id);
  }

  forgetAllOf(containerId: string): void {
    for (const session of this.#of(containerId)) this.forget(session.id);
  }

  #of(containerId: string): ExecSession[] {
    return [...this.#byId.values()].filter((session) => session.containerId === containerId);
  }

  /** Oldest first; those that run stay. */
  #makeRoom(bytes: number): void {
    const startedLater = this.#now() - UNSTARTED_MS;
    for (const session of this.#byId.values()) {
      const isFull = this.#byId.size >= MAX_SESSIONS || this.#bytes + bytes > MAX_CONFIG_BYTES;
      const isStale = session.state === "created" && this.#kept.get(session.id)!.sinceMs < startedLater;
      if (!isFull && !isStale) return;
      if (session.state !== "running" && session.state !== "starting") this.forget(session.id);
    }
  }
}

function sizeOf({ Cmd, Env, User, WorkingDir, DetachKeys }: ExecConfig): number {
  const texts = [...(Cmd ?? []), ...(Env ?? []), User, WorkingDir, DetachKeys];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
