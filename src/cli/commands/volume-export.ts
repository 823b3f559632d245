import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { string } from "../flag-kinds.ts";
import { LIVE } from "./_volume-copy.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME",
  arguments: ONE_ARGUMENT,
  completes: "volumes",
  flags: { live: LIVE, output: string("Write to this file instead of standard output", { short: "o" }) },
  async run({ session, args: [name], flags: { live, output } }) {
    const { stdout } = session.host;
    if (!output && stdout.isTerminal())
      throw new CliError("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    const { volumes } = await session.client();
    const archive = await volumes.export(name!, { live });
    if (output) return await (await import("../files.ts")).writeStream(output, archive.pieces());
    for await (const piece of archive.pieces()) await stdout.write(piece);
  },
});
