import { encodeFilters, type Filters } from "#base/filters.ts";
import type { DeletionPlan } from "#spec/deletion-plan.ts";
import { encodeName } from "./http-head.ts";
import type { Transport } from "./transport.ts";

export type Removable = "containers" | "images" | "networks" | "volumes";

/** What removals and prunes would take away. Only for engines that know the parameter: others would do it. */
export class DryRuns {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  /** @param query of the removal itself; `after`: what is to be thought of as gone @throws as the removal */
  async remove(
    kind: Removable,
    name: string,
    query: Readonly<Record<string, boolean | readonly string[] | undefined>> = {},
  ): Promise<DeletionPlan> {
    return await this.#http.json("DELETE", `/${kind}/${encodeName(name)}`, {
      query: { ...query, "dry-run": true },
    });
  }

  /** @param afterContainers filters of a prune of containers that is to be thought of as done */
  async prune(kind: Removable, filters: Filters, afterContainers?: Filters): Promise<DeletionPlan> {
    return await this.#http.json("POST", `/${kind}/prune`, {
      query: {
        "dry-run": true,
        filters: encodeFilters(filters),
        "after-container-prune": afterContainers && (encodeFilters(afterContainers) || "{}"),
      },
    });
  }
}
