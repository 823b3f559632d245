import { shortId } from "#base/ids.ts";
import { isReplica } from "#compose/engine/lifecycle.ts";
import { familiarName, parseReference } from "#spec/reference.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, string } from "../../flag-kinds.ts";
import { humanAge, humanSize } from "../../format/human.ts";
import { htmlSafeJson } from "../../format/json.ts";
import { alignRows } from "../../format/table.ts";

const TITLES = ["CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"];

interface Row {
  readonly ContainerName: string;
  readonly ID: string;
  readonly Repository: string;
  readonly Tag: string;
  readonly Platform: string;
  readonly Size: number;
  readonly Created?: string;
  readonly LastTagTime: string;
}

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    format: string('Format of the output ("table", "json")', { initial: "table" }),
    quiet: bool("Show only ids", { short: "q" }),
  },
  async run({ compose, args, flags }) {
    if (!["table", "json"].includes(flags.format))
      throw new CliError(
        `format value ${JSON.stringify(flags.format)} could not be parsed: use "table" or "json"`,
      );
    const client = await compose.client();
    const containers = (await compose.containers())
      .filter((one) => isReplica(one) && (args.length === 0 || args.includes(one.service)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const rows = await Promise.all(
      containers.map(async ({ id, name }): Promise<Row> => {
        const { Image, Config } = await client.containers.inspect(id);
        const image = await client.images.inspect(Image);
        return {
          ContainerName: name,
          ID: image.Id,
          ...nameOf(Config.Image ?? "", image.RepoTags ?? []),
          Platform: [image.Os, image.Architecture, image.Variant].filter(Boolean).join("/"),
          Size: image.Size,
          ...(image.Created ? { Created: image.Created } : {}),
          LastTagTime: image.Metadata.LastTagTime,
        };
      }),
    );
    if (flags.quiet) {
      const ids = [...new Set(rows.map(({ ID }) => ID.slice(ID.indexOf(":") + 1)))];
      return await compose.print(ids.map((id) => `${id}\n`).join(""));
    }
    if (flags.format === "json") return await compose.print(`${htmlSafeJson(rows)}\n`);
    const now = compose.host.now();
    await compose.print(alignRows([TITLES, ...rows.map((row) => cells(row, now))], { minWidth: 20 }));
  },
});

function cells({ ContainerName, Repository, Tag, Platform, ID, Size, Created }: Row, now: number): string[] {
  const age = Created ? humanAge(Date.parse(Created) / 1000, now) : "N/A";
  return [
    ContainerName,
    Repository || "<none>",
    Tag || "<none>",
    Platform,
    shortId(ID),
    humanSize(Size, 3),
    age,
  ];
}

/** The name the container was made with, where the image still has it. */
function nameOf(wanted: string, tags: readonly string[]): Pick<Row, "Repository" | "Tag"> {
  const text = tags.find((tag) => tag === wanted || tag === `${wanted}:latest`) ?? tags[0];
  if (!text) return { Repository: "", Tag: "" };
  const reference = parseReference(text);
  return { Repository: familiarName(reference), Tag: reference.tag ?? "" };
}
