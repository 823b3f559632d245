import type { NetworkCreateRequest } from "#spec/docker/networks.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { bool, list, map, string, strings } from "../flag-kinds.ts";
import { keyValues } from "../parse/env.ts";
import { planPools } from "../parse/ipam.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK",
  arguments: ONE_ARGUMENT,
  flags: {
    attachable: bool("Let single containers join by hand"),
    "aux-address": map("Addresses the driver must not give away"),
    "config-from": string("Take the configuration from this network"),
    "config-only": bool("Make only a configuration for other networks"),
    driver: string("Driver of the network", { short: "d", initial: "bridge" }),
    gateway: strings("Gateway of a subnet"),
    ingress: bool("Make the routing network of a cluster"),
    internal: bool("Let nothing in or out"),
    "ip-range": strings("Give out only addresses of this part of a subnet"),
    "ipam-driver": string("Driver of the addresses", { initial: "default" }),
    "ipam-opt": map("Options for the driver of the addresses"),
    ipv4: bool("Use IPv4 addresses", { initial: true }),
    ipv6: bool("Use IPv6 addresses"),
    label: list("Labels of the network"),
    opt: map("Options for the driver", { short: "o" }),
    scope: string("How far the network reaches"),
    subnet: strings("Subnets of the network, in CIDR notation"),
  },
  async run({ session, args: [name], flags, given }) {
    const body: NetworkCreateRequest = {
      Name: name!,
      Driver: flags.driver,
      Scope: flags.scope,
      Internal: flags.internal,
      Attachable: flags.attachable,
      Ingress: flags.ingress,
      ConfigOnly: flags["config-only"],
      ConfigFrom: flags["config-from"] ? { Network: flags["config-from"] } : null,
      IPAM: {
        Driver: flags["ipam-driver"],
        Options: flags["ipam-opt"],
        Config: planPools({
          subnets: flags.subnet,
          ranges: flags["ip-range"],
          gateways: flags.gateway,
          auxiliary: flags["aux-address"],
        }),
      },
      Options: flags.opt,
      Labels: keyValues(flags.label),
      ...(given.has("ipv4") ? { EnableIPv4: flags.ipv4 } : {}),
      ...(given.has("ipv6") ? { EnableIPv6: flags.ipv6 } : {}),
    };
    const { networks } = await session.client();
    const { Id, Warning } = await networks.create(body);
    if (Warning) await session.warn(`WARNING: ${Warning}\n`);
    await session.print(`${Id}\n`);
  },
});
