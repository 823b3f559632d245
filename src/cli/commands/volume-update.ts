import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { string } from "../flag-kinds.ts";

/** There are cluster volumes in a swarm alone, and this engine is in none. */
export const command = defineCommand({
  usage: "[OPTIONS] VOLUME",
  arguments: ONE_ARGUMENT,
  completes: "volumes",
  flags: { availability: string('Availability of a cluster volume ("active", "pause", "drain")') },
  async run({ session, args: [name] }) {
    const { volumes } = await session.client();
    await volumes.inspectText(name!);
    throw new CliError("can only update cluster volumes");
  },
});
