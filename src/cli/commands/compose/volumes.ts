import { LABEL } from "#compose/engine/labels.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool, string } from "../../flag-kinds.ts";
import { formatRows } from "../../format/rows.ts";
import { FORMAT_TEXT } from "../_format-text.ts";
import { VOLUME_LISTING } from "../_volume-rows.ts";
import { checkNames } from "./_each.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    format: string(FORMAT_TEXT, { initial: "table" }),
    quiet: bool("Show only names", { short: "q" }),
  },
  async run({ compose, args, flags }) {
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    const { volumes } = await compose.client();
    const { Volumes } = await volumes.list({ label: [`${LABEL.project}=${project.name}`] });
    const used = new Set(
      (args.length > 0 ? await compose.containers() : [])
        .filter(({ service }) => args.includes(service))
        .flatMap(({ mounts }) => mounts.map(({ Name }) => Name)),
    );
    const rows = (Volumes ?? [])
      .filter(({ Name }) => args.length === 0 || used.has(Name))
      .sort((a, b) => (a.Name < b.Name ? -1 : 1));
    if (flags.quiet) return await compose.print(rows.map(({ Name }) => `${Name}\n`).join(""));
    await compose.print(await formatRows(rows, VOLUME_LISTING, { format: flags.format }));
  },
});
