import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { int, list, string, strings } from "../flag-kinds.ts";
import { keyValues } from "../parse/env.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK CONTAINER",
  arguments: TWO_ARGUMENTS,
  completes: "networks",
  flags: {
    alias: strings("More names of the container on this network"),
    "driver-opt": strings("Options for the driver"),
    "gw-priority": int("The network with the highest number provides the default gateway"),
    ip: string("IPv4 address of the container"),
    ip6: string("IPv6 address of the container"),
    link: list("Names for other containers on this network"),
    "link-local-ip": strings("Link-local addresses of the container"),
  },
  async run({ session, args: [network, container], flags }) {
    if (flags["driver-opt"].some((option) => !option.includes("=")))
      throw new CliError("invalid key/value pair format in driver options");
    const { networks } = await session.client();
    await networks.connect(network!, container!, {
      IPAMConfig: {
        IPv4Address: flags.ip,
        IPv6Address: flags.ip6,
        LinkLocalIPs: [...flags["link-local-ip"]],
      },
      Links: [...flags.link],
      Aliases: [...flags.alias],
      DriverOpts: keyValues(flags["driver-opt"]),
      GwPriority: flags["gw-priority"],
    });
  },
});
