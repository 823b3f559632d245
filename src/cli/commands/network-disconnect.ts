import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK CONTAINER",
  arguments: TWO_ARGUMENTS,
  completes: "networks",
  flags: { force: bool("Also when the container is gone or does not answer", { short: "f" }) },
  async run({ session, args: [network, container], flags }) {
    const { networks } = await session.client();
    await networks.disconnect(network!, container!, { force: flags.force });
  },
});
