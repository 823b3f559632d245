import { defineCommand } from "../command.ts";
import { list } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [FILE|-]",
  arguments: { min: 1, max: 2 },
  flags: { label: list("Labels of the volume") },
  async run({ session, args: [name, source = "-"], flags: { label } }) {
    const file = async () => (await import("../files.ts")).openForReading(source);
    const archive = source === "-" ? session.host.stdin.stream() : await file();
    const { volumes } = await session.client();
    const volume = await volumes.import(name!, archive, { label });
    await session.print(`${volume.Name}\n`);
  },
});
