import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { list } from "../flag-kinds.ts";
import { LIVE } from "./_volume-copy.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME NEW_VOLUME",
  arguments: TWO_ARGUMENTS,
  completes: "volumes",
  flags: { label: list("Labels of the new volume, besides those of the old one"), live: LIVE },
  async run({ session, args: [name, to], flags: { label, live } }) {
    const { volumes } = await session.client();
    const volume = await volumes.clone(name!, to!, { label, live });
    await session.print(`${volume.Name}\n`);
  },
});
