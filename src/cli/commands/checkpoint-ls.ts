import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { string } from "../flag-kinds.ts";
import { formatRows, type Listing } from "../format/rows.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  arguments: ONE_ARGUMENT,
  completes: "containers",
  flags: { "checkpoint-dir": string("Look in this directory of the host") },
  async run({ session, args, flags }) {
    const { containers } = await session.client();
    const rows = await containers.listCheckpoints(args[0]!, flags["checkpoint-dir"]);
    await session.print(await formatRows(rows, LISTING, { format: "", quiet: false }));
  },
});

const LISTING: Listing<{ readonly Name: string }> = {
  typeName: "checkpoint",
  quiet: ({ Name }) => Name,
  table: ["Name"],
  columns: { Name: { title: "CHECKPOINT NAME", value: ({ Name }) => Name } },
};
