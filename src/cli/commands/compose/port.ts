import type { PortSummary } from "#spec/docker/containers.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { string } from "../../flag-kinds.ts";
import { INDEX_FLAG, oneContainer } from "./_one.ts";

const MAX_PORT = 65_535;

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE [PRIVATE_PORT]",
  arguments: { min: 1, max: 2 },
  flags: { index: INDEX_FLAG, protocol: string("Protocol of the port (tcp, udp)", { initial: "tcp" }) },
  async run({ compose, args: [service, text], flags, given }) {
    const wanted = text === undefined ? undefined : parsePort(text);
    const protocol = wanted !== undefined || given.has("protocol") ? flags.protocol.toLowerCase() : "";
    const { id } = await oneContainer(compose, service!, { index: flags.index, all: true });
    const client = await compose.client();
    const [summary] = await client.containers.list({ all: true, filters: { id: [id] } });
    const published = (summary?.Ports ?? []).filter(
      ({ PublicPort, PrivatePort, Type }) =>
        PublicPort &&
        (wanted === undefined || PrivatePort === wanted) &&
        (protocol === "" || Type === protocol),
    );
    if (wanted === undefined)
      return await compose.print(
        published.map((port) => `${port.PrivatePort}/${port.Type} -> ${address(port)}\n`).join(""),
      );
    const [first] = published;
    if (!first)
      throw new CliError(
        `no port ${wanted}/${protocol} for container ${summary?.Names[0]?.slice(1)}${known(summary?.Ports)}`,
      );
    await compose.print(`${address(first)}\n`);
  },
});

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new CliError(
    `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${/^\d+$/.test(text) ? "value out of range" : "invalid syntax"}`,
  );
}

function address({ IP = "", PublicPort = 0 }: PortSummary): string {
  return `${IP.includes(":") ? `[${IP}]` : IP || "0.0.0.0"}:${PublicPort}`;
}

function known(ports: readonly PortSummary[] | undefined): string {
  return ports?.length
    ? `: ${ports.map(({ PrivatePort, Type }) => `${PrivatePort}/${Type}`).join(", ")}`
    : "";
}
