import { LABEL } from "#compose/engine/labels.ts";
import { TWO_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { parseDirection } from "../../copy/arguments.ts";
import { copyFromContainer, copyToContainer } from "../../copy/copy.ts";
import { CliError } from "../../errors.ts";
import { bool } from "../../flag-kinds.ts";
import { humanSize } from "../../format/human.ts";
import { INDEX_FLAG, oneContainer } from "./_one.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE:SRC_PATH DEST_PATH|- or SRC_PATH|- SERVICE:DEST_PATH",
  arguments: TWO_ARGUMENTS,
  noDryRun: "files are copied or they are not",
  flags: {
    all: bool("Copy to containers of run too"),
    archive: bool("In the container, files belong to the user it runs as", { short: "a" }),
    "follow-link": bool("Copy what a link leads to, not the link", { short: "L" }),
    index: INDEX_FLAG,
  },
  async run({ compose, args: [source, target], flags }) {
    const direction = parseDirection(source!, target!);
    const options = { archive: flags.archive, followLink: flags["follow-link"] };
    const { containers } = await compose.client();
    const service = direction.container;
    if (direction.to === "local") {
      const { id } = await oneContainer(compose, service, {
        index: flags.index,
        all: true,
        withOneOff: flags.all,
      });
      return void (await copyFromContainer(
        containers,
        compose.host,
        { ...direction, container: id },
        options,
      ));
    }
    const targets = (await compose.containers()).filter(
      (one) =>
        one.service === service &&
        one.labels[LABEL.configHash] !== undefined &&
        (flags.all || !one.isOneOff) &&
        (flags.index === 0 || one.number === flags.index),
    );
    if (targets.length === 0) throw new CliError(`no container found for service ${JSON.stringify(service)}`);
    if (direction.source === "-" && targets.length > 1)
      throw new CliError("standard input can be copied to one container only: choose it with --index");
    for (const { id, name } of targets) {
      const copied = await copyToContainer(
        containers,
        compose.host,
        { ...direction, container: id },
        options,
      );
      if (compose.host.stderr.isTerminal())
        await compose.session.warn(`Copied ${humanSize(copied.bytes)} to ${name}:${direction.path}\n`);
    }
  },
});
