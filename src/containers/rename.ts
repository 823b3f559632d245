import { Conflict, InvalidArgument } from "#base/errors.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { isValidName } from "./names.ts";

export async function renameContainer(ctx: Context, nameOrId: string, newName: string): Promise<void> {
  const name = newName.replace(/^\//, "");
  if (!nameOrId || !name) throw new InvalidArgument("Neither old nor new names may be empty");
  const { id } = ctx.records.resolve(nameOrId);
  checkNewName(name);
  await ctx.locks.run(id, () => {
    const before = ctx.records.resolve(id);
    if (before.name === name)
      throw new InvalidArgument("Renaming a container with the same name as its current name");
    checkIsFree(ctx, name);
    const renamed = ctx.records.update(id, { name });
    ctx.networks.rename(id, name);
    emitContainerEvent(ctx, renamed, "rename", { oldName: `/${before.name}` });
  });
}

/** As Docker's, which puts the slash before the name first. */
function checkNewName(name: string): void {
  if (!isValidName(name))
    throw new InvalidArgument(
      `Error when allocating new name: Invalid container name (/${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
}

/** @throws InvalidArgument in Docker's words */
export function checkName(name: string): void {
  if (!isValidName(name))
    throw new InvalidArgument(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

function checkIsFree(ctx: Context, name: string): void {
  try {
    ctx.records.checkNameIsFree(name);
  } catch (error) {
    throw new Conflict(`Error when allocating new name: ${(error as Error).message}`, { cause: error });
  }
}
