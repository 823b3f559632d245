import { NotFound } from "#base/errors.ts";
import type { SupervisedProcess } from "#runtime/types.ts";
import type { ExecConfig } from "#spec/docker/exec.ts";

/** Sessions kept in all; beyond, the oldest that do not run are forgotten. */
const MAX_SESSIONS = 4096;
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

  add(session: ExecSession): void {
    this.#makeRoom();
    this.#byId.set(session.id, session);
  }

  /** @throws NotFound "No such exec instance: X" */
  get(id: string): ExecSession {
    const session = this.#byId.get(id);
    if (!session) throw new NotFound(`No such exec instance: ${id}`);
    return session;
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }

  /** Of the sessions a container has or had, those `inspect` shows: started and not ended. */
  runningIdsOf(containerId: string): string[] {
    return this.#of(containerId)
      .filter((session) => session.state === "running")
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

  #makeRoom(): void {
    if (this.#byId.size < MAX_SESSIONS) return;
    for (const session of this.#byId.values()) {
      if (session.state === "running" || session.state === "starting") continue;
      this.#byId.delete(session.id);
      return;
    }
  }
}
