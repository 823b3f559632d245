import { InvalidArgument } from "#base/errors.ts";
import { parseCidr, parseIp } from "#base/ip.ts";
import type { PublishedPortsPolicy } from "#spec/network-rules.ts";
import type { SettingReader } from "./settings.ts";
import type { DaemonConfig } from "./types.ts";

/** @throws InvalidArgument naming the option whose address is none */
export function networkConfig(settings: SettingReader): DaemonConfig["network"] {
  const address = (name: string) => settings.text(name) && checkIp(name, settings.text(name)!);
  const cidr = (name: string) => settings.text(name) && checkCidr(name, settings.text(name)!);
  if (settings.text("bridge") && settings.text("bip"))
    throw new InvalidArgument(
      "You specified -b & --bip, mutually exclusive options. Please specify only one",
    );
  return {
    bridge: settings.text("bridge"),
    bip: cidr("bip"),
    bip6: cidr("bip6"),
    fixedCidr: cidr("fixed-cidr"),
    fixedCidrV6: cidr("fixed-cidr-v6"),
    defaultGateway: address("default-gateway"),
    defaultGatewayV6: address("default-gateway-v6"),
    ipv6: settings.yesNo("ipv6") ?? false,
    mtu: settings.wholeWithin("mtu", 68, 65535) ?? 1500,
    icc: settings.yesNo("icc") ?? true,
    ipMasq: settings.yesNo("ip-masq") ?? true,
    ipForward: settings.yesNo("ip-forward") ?? true,
    defaultHostAddress: address("ip") ?? "0.0.0.0",
    addressPools: settings
      .items<{ readonly base: string; readonly size: number }>("default-address-pools")
      .map(checkPool),
    hostGatewayAddresses: settings.list("host-gateway-ips").map((ip) => checkIp("host-gateway-ips", ip)),
    dns: settings.list("dns").map((ip) => checkIp("dns", ip)),
    dnsSearch: settings.list("dns-search"),
    dnsOptions: settings.list("dns-opts"),
    publishedPorts: publishedPorts(settings),
  };
}

function publishedPorts(settings: SettingReader): PublishedPortsPolicy {
  const text = settings.text("published-ports") ?? "docker";
  if (text === "docker" || text === "host-input") return text;
  throw new InvalidArgument(`published-ports: ${JSON.stringify(text)} is none of "docker", "host-input"`);
}

function checkIp(name: string, text: string): string {
  if (!parseIp(text)) throw new InvalidArgument(`${name}: ${JSON.stringify(text)} is no IP address`);
  return text;
}

function checkCidr(name: string, text: string): string {
  if (!parseCidr(text))
    throw new InvalidArgument(`${name}: ${JSON.stringify(text)} is no address with a prefix length`);
  return text;
}

function checkPool(pool: { readonly base: string; readonly size: number }) {
  const parsed = parseCidr(pool.base);
  if (!parsed) throw new InvalidArgument(`invalid base pool ${JSON.stringify(pool.base)}: expected a CIDR`);
  const bits = pool.base.includes(":") ? 128 : 32;
  if (pool.size < parsed.prefix.length || pool.size > bits)
    throw new InvalidArgument(
      `invalid pools size ${pool.size}: expected a prefix length from ${parsed.prefix.length} to ${bits}`,
    );
  return { base: pool.base, size: pool.size };
}
