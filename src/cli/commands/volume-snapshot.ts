import { defineCommand } from "../command.ts";
import { list } from "../flag-kinds.ts";
import { LIVE } from "./_volume-copy.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [NAME]",
  arguments: { min: 1, max: 2 },
  completes: "volumes",
  flags: { label: list("Labels of the snapshot"), live: LIVE },
  async run({ session, args: [name, to], flags: { label, live } }) {
    const { volumes } = await session.client();
    const volume = await volumes.snapshot(name!, to, { label, live });
    await session.print(`${volume.Name}\n`);
  },
});
