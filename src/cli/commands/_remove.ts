import { NotFound } from "#base/errors.ts";
import { shownMessage } from "../errors.ts";
import type { Session } from "../session.ts";

/**
 * Removes one after the other, printing names as they go and failures as they come.
 * @param force what is not there counts as removed
 * @returns 1 when something failed
 */
export async function removeInTurn(
  session: Session,
  names: readonly string[],
  { force, remove }: { readonly force: boolean; readonly remove: (name: string) => Promise<void> },
): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      await remove(name);
      await session.print(`${name}\n`);
    } catch (error) {
      if (force && error instanceof NotFound) continue;
      code = 1;
      await session.warn(`${shownMessage(error)}\n`);
    }
  }
  return code;
}
