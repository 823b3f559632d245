/** Verbs for one container of a service. */

import { LABEL } from "#compose/engine/labels.ts";
import type { ObservedContainer } from "#compose/engine/types.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { CliError } from "../../errors.ts";
import { int } from "../../flag-kinds.ts";

export const INDEX_FLAG = int("Number of the container, of a service that has several");

export interface Choice {
  /** 0: the first. */
  readonly index: number;
  /** Also containers that do not run. */
  readonly all?: boolean;
  /** Also those of `run`; they come last. */
  readonly withOneOff?: boolean;
}

/** @throws CliError when the service has no such container */
export async function oneContainer(
  compose: ComposeSession,
  service: string,
  { index, all = false, withOneOff = false }: Choice,
): Promise<ObservedContainer> {
  const [first] = (await compose.containers())
    .filter(
      (one) =>
        one.service === service &&
        one.labels[LABEL.configHash] !== undefined &&
        (withOneOff || !one.isOneOff) &&
        (index === 0 || one.number === index) &&
        (all || one.state === "running" || one.state === "paused"),
    )
    .sort((a, b) => Number(a.isOneOff) - Number(b.isOneOff) || a.number - b.number);
  if (first) return first;
  throw new CliError(
    `service ${JSON.stringify(service)} is not running${index > 0 ? ` container #${index}` : ""}`,
  );
}
