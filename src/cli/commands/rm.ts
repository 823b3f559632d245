import { NotFound } from "#base/errors.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import type { Session } from "../session.ts";
import { DRY_RUN, dryRuns, planInTurn } from "./_dry-run.ts";
import { forEachName } from "./_each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {
    "dry-run": DRY_RUN,
    force: bool("Also remove a running container, by killing it", { short: "f" }),
    link: bool("Remove the link, not the container", { short: "l" }),
    volumes: bool("Also remove the container's unnamed volumes", { short: "v" }),
  },
  async run({ session, args, flags }) {
    if (flags["dry-run"]) return await plan(session, args, flags);
    const { containers } = await session.client();
    const options = { force: flags.force, volumes: flags.volumes, link: flags.link };
    return await forEachName(session, args, {
      work: async (name) => await containers.remove(bareName(name), options),
      mayFail: (error) => flags.force && error instanceof NotFound, // what is already gone is as wanted
    });
  },
});

async function plan(
  session: Session,
  names: readonly string[],
  { force, volumes, link }: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
): Promise<number> {
  if (link) throw new CliError("--dry-run cannot be combined with --link");
  const runs = await dryRuns(session);
  return await planInTurn(
    session,
    names,
    (name, earlier) => {
      const after = earlier.flatMap((one) => one.plan.ContainersDeleted ?? []);
      return runs.remove("containers", bareName(name), { force, v: volumes, after });
    },
    (error) => force && error instanceof NotFound,
  );
}

function bareName(given: string): string {
  const name = given.replace(/^\/+|\/+$/g, "");
  if (name === "") throw new CliError("container name cannot be empty");
  return name;
}
