import { defineCommand, ONE_ARGUMENT } from "../command.ts";

const LETTERS = ["C", "A", "D"] as const;

export const command = defineCommand({
  usage: "CONTAINER",
  arguments: ONE_ARGUMENT,
  completes: "containers",
  flags: {},
  async run({ session, args: [container] }) {
    const { containers } = await session.client();
    const changes = (await containers.changes(container!)) ?? [];
    await session.print(changes.map(({ Kind, Path }) => `${LETTERS[Kind]} ${Path}\n`).join(""));
  },
});
