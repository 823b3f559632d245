import { AT_MOST_ONE_ARGUMENT, defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { list, map, string } from "../flag-kinds.ts";
import { keyValues } from "../parse/env.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [VOLUME]",
  arguments: AT_MOST_ONE_ARGUMENT,
  flags: {
    driver: string("Driver of the volume", { short: "d", initial: "local" }),
    label: list("Labels of the volume"),
    name: string("Name of the volume", { hidden: true }),
    opt: map("Options for the driver", { short: "o" }),
  },
  async run({ session, args: [name], flags }) {
    if (name !== undefined && flags.name)
      throw new CliError(
        "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
      );
    const { volumes } = await session.client();
    const volume = await volumes.create({
      Name: name ?? flags.name,
      Driver: flags.driver,
      DriverOpts: flags.opt,
      Labels: keyValues(flags.label),
    });
    await session.print(`${volume.Name}\n`);
  },
});
