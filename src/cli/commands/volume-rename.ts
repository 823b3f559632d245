import { defineCommand, TWO_ARGUMENTS } from "../command.ts";

export const command = defineCommand({
  usage: "VOLUME NEW_NAME",
  arguments: TWO_ARGUMENTS,
  completes: "volumes",
  flags: {},
  async run({ session, args: [name, to] }) {
    const { volumes } = await session.client();
    await volumes.rename(name!, to!);
  },
});
