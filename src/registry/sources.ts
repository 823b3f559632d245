import { Cancelled, Unavailable } from "#base/errors.ts";
import type { Capability } from "./hosts-toml.ts";
import type { Route } from "./routes.ts";
import type { RegistrySession } from "./session.ts";

/** One place that may have a repository, and the requests of one user to it. */
export interface Source {
  readonly route: Pick<Route, "isOrigin" | "capabilities">;
  readonly session: RegistrySession;
}

/**
 * The places that may have a repository, asked in order until one delivers. One that was down or sent something wrong
 * is asked last from then on.
 */
export class Sources {
  readonly #open: () => Promise<readonly Source[]>;
  #all: Promise<readonly Source[]> | undefined;
  #count = 0;
  readonly #avoided = new Set<Source>();

  constructor(open: () => Promise<readonly Source[]>) {
    this.#open = open;
  }

  /**
   * @param use throws when the source does not have what is wanted
   * @throws what the last source's `use` throws: the registry itself is the last in order
   */
  async first<T>(capability: Capability, use: (source: Source) => Promise<T>): Promise<T> {
    this.#all ??= this.#open();
    const all = await this.#all;
    this.#count = all.length;
    const able = all.filter(({ route }) => route.capabilities.has(capability));
    const ordered = [
      ...able.filter((source) => !this.#avoided.has(source)),
      ...able.filter((source) => this.#avoided.has(source)),
    ];
    let failure: unknown;
    for (const source of ordered) {
      try {
        return await use(source);
      } catch (error) {
        if (error instanceof Cancelled) throw error;
        if (error instanceof Unavailable) this.avoid(source);
        // what the registry itself says counts for more than what a mirror does
        if (failure === undefined || source.route.isOrigin || !this.#hasOrigin(able)) failure = error;
      }
    }
    throw failure ?? new Unavailable(`no mirror and no registry is allowed to ${capability}`);
  }

  /** @returns whether there is another one that is not avoided */
  avoid(source: Source): boolean {
    this.#avoided.add(source);
    return this.#count > this.#avoided.size;
  }

  #hasOrigin(sources: readonly Source[]): boolean {
    return sources.some(({ route }) => route.isOrigin);
  }
}
