import type { ComposeClient } from "../types.ts";

/** What changes whether a condition holds. */
const ACTIONS = ["start", "die", "health_status", "destroy", "pause", "unpause"];

/** Conditions are looked at this often even when nothing is heard: the stream of events may have broken. */
const MAX_SILENCE_MS = 2000;

/** Tells when something happens to containers, so that conditions need not be asked for again and again. */
export class StateWatch implements Disposable {
  readonly #abort = new AbortController();
  #wake = Promise.withResolvers<void>();

  constructor(client: Pick<ComposeClient, "system">, filter: { readonly label: readonly string[] }) {
    void this.#follow(client, filter.label);
  }

  /** Resolves at the next event, or after a while. Ask for it before looking, so that none is missed in between. */
  next(maxMs: number = MAX_SILENCE_MS): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(maxMs, MAX_SILENCE_MS));
    void this.#wake.promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
    return promise;
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }

  async #follow({ system }: Pick<ComposeClient, "system">, label: readonly string[]): Promise<void> {
    const filters = { type: ["container"], event: ACTIONS, label: [...label] };
    try {
      for await (const _ of system.events({ filters, signal: this.#abort.signal })) {
        this.#wake.resolve();
        this.#wake = Promise.withResolvers<void>();
      }
    } catch {
      // aborted, or the engine cannot tell: `next` looks again after a while
    }
  }
}
