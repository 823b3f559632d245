import { NotFound } from "#base/errors.ts";
import type { ImageDeleteItem } from "#spec/docker/images.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { shownMessage } from "../errors.ts";
import { bool, strings } from "../flag-kinds.ts";
import type { Session } from "../session.ts";
import { DRY_RUN, dryRuns, planInTurn } from "./_dry-run.ts";
import { platformQuery } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  arguments: SOME_ARGUMENTS,
  completes: "images",
  flags: {
    "dry-run": DRY_RUN,
    force: bool("Also remove an image that stopped containers use or that has several names", { short: "f" }),
    "no-prune": bool("Keep the nameless images it is based on"),
    platform: strings("Remove only these platforms of an image for several (os[/arch[/variant]])"),
  },
  async run({ session, args, flags }) {
    if (flags["dry-run"]) return await plan(session, args, { ...flags, noprune: flags["no-prune"] });
    const { images } = await session.client();
    const platforms = flags.platform.map(platformQuery).filter((one) => one !== undefined);
    const failures: string[] = [];
    let mustFail = false;
    for (const name of args) {
      try {
        const removed = await images.remove(name, {
          force: flags.force,
          noPrune: flags["no-prune"],
          platforms,
        });
        await session.print(removed.map(lineOf).join(""));
      } catch (error) {
        mustFail ||= !(flags.force && error instanceof NotFound); // what is already gone is as wanted
        failures.push(shownMessage(error));
      }
    }
    if (failures.length > 0) await session.warn(`${failures.join("\n")}\n`);
    return mustFail ? 1 : 0;
  },
});

async function plan(
  session: Session,
  names: readonly string[],
  {
    force,
    noprune,
    platform,
  }: { readonly force: boolean; readonly noprune: boolean; readonly platform: readonly string[] },
): Promise<number> {
  const platforms = platform.map(platformQuery).filter((one) => one !== undefined);
  const runs = await dryRuns(session);
  return await planInTurn(
    session,
    names,
    (name, earlier) => {
      const after = earlier.map((one) => one.name);
      return runs.remove("images", name, { force, noprune, platforms, after });
    },
    (error) => force && error instanceof NotFound,
  );
}

function lineOf({ Deleted, Untagged }: ImageDeleteItem): string {
  return Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged}\n`;
}
