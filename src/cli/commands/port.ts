import type { PortBinding } from "#spec/docker/containers.ts";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";

export const command = defineCommand({
  usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
  arguments: { min: 1, max: 2 },
  completes: "containers",
  flags: {},
  async run({ session, args: [container, wanted] }) {
    const { containers } = await session.client();
    const { NetworkSettings } = await containers.inspect(container!);
    const ports = NetworkSettings.Ports ?? {};
    if (wanted === undefined) return await session.print(allPorts(ports));
    const key = portKey(wanted);
    const bindings = ports[key];
    if (!bindings) throw new CliError(`Error: No public port '${wanted}' published for ${container}`);
    await session.print(bindings.map((binding) => `${address(binding)}\n`).join(""));
  },
});

const MAX_PORT = 65535;

function portKey(wanted: string): string {
  const [number = "", protocol = "tcp"] = wanted.split("/");
  const isNumber = /^\d+$/.test(number);
  if (isNumber && Number(number) <= MAX_PORT) return `${number}/${protocol}`;
  const reason = isNumber ? "value out of range" : "invalid syntax";
  throw new CliError(
    `Error: invalid port (${number}): strconv.ParseUint: parsing ${JSON.stringify(number)}: ${reason}`,
  );
}

function allPorts(ports: Readonly<Record<string, PortBinding[] | null>>): string {
  return Object.entries(ports)
    .flatMap(([port, bindings]) =>
      (bindings ?? []).map((binding) => ({ port, line: `${port} -> ${address(binding)}\n` })),
    )
    .sort(byPort)
    .map(({ line }) => line)
    .join("");
}

function byPort(a: { port: string; line: string }, b: { port: string; line: string }): number {
  return Number.parseInt(a.port, 10) - Number.parseInt(b.port, 10) || (a.line < b.line ? -1 : 1);
}

function address({ HostIp = "", HostPort = "" }: PortBinding): string {
  return `${HostIp.includes(":") ? `[${HostIp}]` : HostIp}:${HostPort}`;
}
