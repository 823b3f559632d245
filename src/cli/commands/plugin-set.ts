import { defineCommand } from "../command.ts";

export const command = defineCommand({
  usage: "PLUGIN KEY=VALUE [KEY=VALUE...]",
  arguments: { min: 2 },
  completes: "plugins",
  flags: {},
  async run({ session, args: [name, ...changes] }) {
    const { plugins } = await session.client();
    await plugins.set(name!, changes);
  },
});
