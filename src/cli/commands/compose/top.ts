import { isReplica } from "#compose/engine/lifecycle.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { alignRows } from "../../format/table.ts";

export const verb = defineVerb({
  usage: "[SERVICES...]",
  arguments: ANY_ARGUMENTS,
  flags: {},
  async run({ compose, args }) {
    const client = await compose.client();
    const running = (await compose.containers())
      .filter(
        (one) =>
          isReplica(one) && one.state === "running" && (args.length === 0 || args.includes(one.service)),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const tops = await Promise.all(running.map(({ id }) => client.containers.top(id, "")));
    const titles = ["SERVICE", "#", ...columnsOf(tops.map(({ Titles }) => Titles))];
    const rows = tops.flatMap(({ Titles, Processes }, index) =>
      (Processes ?? []).map((process) => {
        const own = new Map(Titles.map((title, at) => [title, process[at] ?? "-"]));
        const { service, number } = running[index]!;
        return [service, String(number), ...titles.slice(2).map((title) => own.get(title) ?? "-")];
      }),
    );
    if (rows.length > 0) await compose.print(alignRows([titles, ...rows], { minWidth: 4, padding: 2 }));
  },
});

/** Those of all containers; the command, which may be long, comes last. */
function columnsOf(all: readonly (readonly string[])[]): string[] {
  const titles = [...new Set(all.flat())];
  return titles.includes("CMD") ? [...titles.filter((title) => title !== "CMD"), "CMD"] : titles;
}
