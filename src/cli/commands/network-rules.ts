import type { RuleList } from "#spec/network-rules.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";
import { alignRows } from "../format/table.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: { raw: bool("Print the tables of nftables instead") },
  async run({ session, flags }) {
    const { networks } = await session.client();
    if (flags.raw) await session.print(await networks.rulesText());
    else await session.print(rulesText(await networks.rules()));
  },
});

function rulesText({ publishedPorts, networks, ports }: RuleList): string {
  const bridges = networks.map(({ name, bridge, subnets, outgoing, incoming, amongContainers }) => [
    ...[name, bridge, subnets.join(", "), outgoing, incoming, amongContainers],
  ]);
  const published = ports.map(({ host, protocol, container, target, by }) => [
    ...[host, protocol, container, target, by],
  ]);
  return [
    alignRows([["NETWORK", "BRIDGE", "SUBNETS", "OUTGOING", "INCOMING", "AMONG CONTAINERS"], ...bridges]),
    alignRows([["HOST", "PROTOCOL", "CONTAINER", "TARGET", "BY"], ...published]),
    publishedPorts === "docker"
      ? "Published ports are open whatever the host's input rules say.\n"
      : "Published ports follow the host's input rules.\n",
  ].join("\n");
}
