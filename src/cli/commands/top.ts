import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { alignRows } from "../format/table.ts";

export const command = defineCommand({
  usage: "CONTAINER [ps OPTIONS]",
  arguments: SOME_ARGUMENTS,
  interspersed: false,
  completes: "containers",
  flags: {},
  async run({ session, args: [container, ...psArguments] }) {
    const { containers } = await session.client();
    const { Titles, Processes } = await containers.top(container!, psArguments.join(" "));
    await session.print(alignRows([Titles, ...(Processes ?? [])], { minWidth: 20, padding: 3 }));
  },
});
