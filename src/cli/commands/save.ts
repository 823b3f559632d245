import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { string, strings } from "../flag-kinds.ts";
import { platformQuery } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  arguments: SOME_ARGUMENTS,
  completes: "images",
  flags: {
    output: string("Write to this file instead of standard output", { short: "o" }),
    platform: strings("Write only these platforms (os[/arch[/variant]])"),
  },
  async run({ session, args, flags }) {
    const { stdout } = session.host;
    const platforms = flags.platform.map(platformQuery).filter((one) => one !== undefined);
    if (!flags.output && stdout.isTerminal())
      throw new CliError("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    const { images } = await session.client();
    const archive = await images.save(args, { platforms });
    if (flags.output) return await (await import("../files.ts")).writeStream(flags.output, archive.pieces());
    for await (const piece of archive.pieces()) await stdout.write(piece);
  },
});
