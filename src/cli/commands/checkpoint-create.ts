import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER CHECKPOINT",
  arguments: TWO_ARGUMENTS,
  completes: "containers",
  flags: {
    "checkpoint-dir": string("Keep it in this directory of the host"),
    "leave-running": bool("Let the container run on"),
  },
  async run({ session, args, flags }) {
    const { containers } = await session.client();
    const [container = "", name = ""] = args;
    await containers.createCheckpoint(container, {
      name,
      directory: flags["checkpoint-dir"],
      exit: !flags["leave-running"],
    });
    await session.print(`${name}\n`);
  },
});
