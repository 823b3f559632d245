import { forEachContainer, isReplica, stopServices } from "#compose/engine/lifecycle.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { confirm } from "../../compose/context.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool } from "../../flag-kinds.ts";
import { checkNames } from "./_each.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    all: bool("Accepted for old scripts", { short: "a", hidden: true }),
    force: bool("Do not ask", { short: "f" }),
    stop: bool("Stop the containers first", { short: "s" }),
    volumes: bool("Remove their anonymous volumes too", { short: "v" }),
  },
  async run({ compose, args, flags }) {
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    if (flags.stop)
      await compose.operation("stop", (context) => stopServices(context, project, { services: args }));
    const willStop = flags.stop && compose.flags["dry-run"];
    const found = (await compose.containers()).filter(
      (container) =>
        isReplica(container) &&
        (args.length > 0 ? args.includes(container.service) : container.service in project.services) &&
        (willStop || !["running", "paused", "restarting"].includes(container.state)),
    );
    if (found.length === 0) return await compose.session.warn("No stopped containers\n");
    const question = `Going to remove ${found.map(({ name }) => name).join(", ")}`;
    if (flags.force) await compose.print(`${question}\n`);
    else if (!(await confirm(compose, question))) return;
    await compose.operation("remove", (context) =>
      forEachContainer(context, found, {
        working: "Removing",
        done: "Removed",
        call: ({ id }) =>
          context.client.containers.remove(id, { force: flags.force, volumes: flags.volumes }),
      }),
    );
  },
});
