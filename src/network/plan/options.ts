import { InvalidArgument } from "#base/errors.ts";
import { parseIp } from "#base/ip.ts";
import type { NetworkRecord } from "../types.ts";

/** Option keys of the bridge driver, with Docker's names. */
export const BRIDGE_OPTION = {
  name: "com.docker.network.bridge.name",
  icc: "com.docker.network.bridge.enable_icc",
  masquerade: "com.docker.network.bridge.enable_ip_masquerade",
  hostBinding: "com.docker.network.bridge.host_binding_ipv4",
  mtu: "com.docker.network.driver.mtu",
  interfacePrefix: "com.docker.network.container_iface_prefix",
  gatewayModeIPv4: "com.docker.network.bridge.gateway_mode_ipv4",
  gatewayModeIPv6: "com.docker.network.bridge.gateway_mode_ipv6",
} as const;

export interface BridgeSettings {
  readonly bridge: string;
  readonly icc: boolean;
  readonly masquerade: boolean;
  /** Host side of `-p` without an address; undefined: the daemon's default. */
  readonly hostBinding: string | undefined;
  /** Bytes; undefined: the daemon's default. */
  readonly mtu: number | undefined;
  readonly interfacePrefix: string;
}

/** The longest interface name Linux takes. */
const LONGEST_NAME = 15;

/** A user's network has a bridge named after its id; the prefix tells it from Docker's "br-". */
export function bridgeNameOf(networkId: string): string {
  return `wh-${networkId.slice(0, LONGEST_NAME - 3)}`;
}

/**
 * The options of a bridge network as values. Keys the driver does not know are left alone, as Docker does.
 * @throws InvalidArgument naming the option
 */
export function bridgeSettings(network: Pick<NetworkRecord, "id" | "options">): BridgeSettings {
  const { id, options } = network;
  for (const key of [BRIDGE_OPTION.gatewayModeIPv4, BRIDGE_OPTION.gatewayModeIPv6])
    if (options[key] && options[key] !== "nat")
      throw invalid(key, options[key], "this engine knows only nat");
  return {
    bridge: interfaceName(options, BRIDGE_OPTION.name, LONGEST_NAME) ?? bridgeNameOf(id),
    icc: boolean(options, BRIDGE_OPTION.icc, true),
    masquerade: boolean(options, BRIDGE_OPTION.masquerade, true),
    hostBinding: address(options, BRIDGE_OPTION.hostBinding),
    mtu: mtuOption(options),
    interfacePrefix: interfaceName(options, BRIDGE_OPTION.interfacePrefix, LONGEST_NAME - 3) ?? "eth",
  };
}

type Options = Readonly<Record<string, string>>;

function boolean(options: Options, key: string, fallback: boolean): boolean {
  const text = options[key];
  if (text === undefined || text === "") return fallback;
  if (/^(?:1|t|true)$/i.test(text)) return true;
  if (/^(?:0|f|false)$/i.test(text)) return false;
  throw invalid(key, text, "expected true or false");
}

/** Bytes; undefined: nothing was asked for. */
export function mtuOption(options: Options): number | undefined {
  const text = options[BRIDGE_OPTION.mtu];
  if (text === undefined || text === "" || text === "0") return undefined;
  const bytes = Number(text);
  if (!Number.isInteger(bytes) || bytes < 68 || bytes > 65535)
    throw invalid(BRIDGE_OPTION.mtu, text, "expected 68 to 65535 bytes");
  return bytes;
}

function address(options: Options, key: string): string | undefined {
  const text = options[key];
  if (text === undefined || text === "") return undefined;
  if (!parseIp(text)) throw invalid(key, text, "expected an IP address");
  return text;
}

function interfaceName(options: Options, key: string, longest: number): string | undefined {
  const text = options[key];
  if (text === undefined || text === "") return undefined;
  if (text.length > longest || !/^[^\s/:"*]+$/.test(text) || text === "." || text === "..")
    throw invalid(key, text, `expected an interface name of at most ${longest} characters`);
  return text;
}

function invalid(key: string, value: string, reason: string): InvalidArgument {
  return new InvalidArgument(`invalid value "${value}" for option ${key}: ${reason}`);
}
