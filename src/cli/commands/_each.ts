import { Limiter } from "#base/async.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { shownMessage } from "../errors.ts";
import type { Session } from "../session.ts";

type Client = Awaited<ReturnType<Session["client"]>>;

const MAX_PARALLEL = 50;

export interface EachOptions {
  readonly work: (name: string) => Promise<unknown>;
  /** Failures that are told but do not count. */
  readonly mayFail?: (error: unknown) => boolean;
}

/**
 * Does the same for several objects at once. Names are printed in the order given as they succeed; what failed is told at
 * the end.
 * @returns 1 when something failed
 */
export async function forEachName(
  session: Session,
  names: readonly string[],
  { work, mayFail }: EachOptions,
): Promise<number> {
  const limiter = new Limiter(MAX_PARALLEL);
  const outcomes = names.map((name) => limiter.run(() => settle(work(name))));
  const failures: unknown[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const { error } = await outcome;
    if (error === undefined) await session.print(`${names[index]}\n`);
    else failures.push(error);
  }
  if (failures.length > 0) await session.warn(`${failures.map(shownMessage).join("\n")}\n`);
  return failures.some((error) => !mayFail?.(error)) ? 1 : 0;
}

async function settle(work: Promise<unknown>): Promise<{ readonly error?: unknown }> {
  try {
    await work;
    return {};
  } catch (error) {
    return { error };
  }
}

/** A command without flags that does the same to each object named. */
export function eachCommand(
  noun: "CONTAINER" | "IMAGE",
  work: (client: Client, name: string) => Promise<unknown>,
) {
  return defineCommand({
    usage: `${noun} [${noun}...]`,
    arguments: SOME_ARGUMENTS,
    completes: noun === "CONTAINER" ? "containers" : "images",
    flags: {},
    async run({ session, args }) {
      const client = await session.client();
      return await forEachName(session, args, { work: (name) => work(client, name) });
    },
  });
}
