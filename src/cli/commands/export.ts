import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { string } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  arguments: ONE_ARGUMENT,
  completes: "containers",
  flags: { output: string("Write to this file instead of standard output", { short: "o" }) },
  async run({ session, args: [container], flags }) {
    const { stdout } = session.host;
    if (!flags.output && stdout.isTerminal())
      throw new CliError("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    const { containers } = await session.client();
    const archive = await containers.export(container!);
    if (flags.output) return await (await import("../files.ts")).writeStream(flags.output, archive.pieces());
    for await (const piece of archive.pieces()) await stdout.write(piece);
  },
});
