import type { UploadSession } from "./push-repository.ts";

/** Registries keep what nobody finishes for a week at most; few pushes are ever interrupted. */
const MAX_KEPT = 64;

/** Uploads somebody interrupted, so that the next push of the same blob goes on where they ended. The oldest go first. */
export class UnfinishedUploads {
  readonly #sessions = new Map<string, UploadSession>();

  keep(key: string, session: UploadSession): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size > MAX_KEPT) this.#sessions.delete(this.#sessions.keys().next().value!);
  }

  /** At most one push goes on with an upload. */
  take(key: string): UploadSession | undefined {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    return session;
  }
}
