import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string, strings } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";
import { platformQuery } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    input: string("Read this file instead of standard input", { short: "i" }),
    platform: strings("Take in only these platforms (os[/arch[/variant]])"),
    quiet: bool("Show no progress", { short: "q" }),
  },
  async run({ session, flags }) {
    const { stdin, stdout } = session.host;
    const platforms = flags.platform.map(platformQuery).filter((one) => one !== undefined);
    if (!flags.input && stdin.isTerminal())
      throw new CliError("requested load from stdin, but stdin is empty");
    const body = flags.input ? (await import("../files.ts")).openForReading(flags.input) : stdin.stream();
    const { images } = await session.client();
    const quiet = flags.quiet || !stdout.isTerminal();
    await showProgress(images.load(body, { quiet, platforms }), stdout);
  },
});
