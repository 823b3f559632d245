import { down } from "#compose/engine/down.ts";
import { LABEL } from "#compose/engine/labels.ts";
import { SOME_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool } from "../../flag-kinds.ts";
import { checkNames } from "./_each.ts";

export const verb = defineVerb({
  usage: "SERVICE [SERVICE...] [OPTIONS]",
  arguments: SOME_ARGUMENTS,
  noDryRun: "nothing would end",
  flags: { "down-project": bool("Bring the project down when the first container has ended") },
  async run({ compose, args, flags }) {
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    const client = await compose.client();
    const all = (await compose.containers()).filter(
      ({ service, labels }) => args.includes(service) && labels[LABEL.configHash] !== undefined,
    );
    const running = all.filter(({ state }) => state === "running");
    const awaited = running.length > 0 ? running : all;
    if (awaited.length === 0) throw new CliError(`no containers for project "${project.name}"`);
    const ends = awaited.map(async ({ id }) => {
      const { result } = await client.containers.wait(id, "not-running");
      const { StatusCode } = await result;
      await compose.print(`container "${id}" exited with status code ${StatusCode}\n`);
      return StatusCode;
    });
    if (!flags["down-project"]) return (await Promise.all(ends)).at(-1) ?? 0;
    const first = await Promise.race(ends);
    await compose.operation("down", (context) =>
      down(context, project, { services: [], removeOrphans: false, volumes: false, images: "" }),
    );
    await Promise.allSettled(ends);
    return first;
  },
});
