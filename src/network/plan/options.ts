import { InvalidArgument } from "#base/errors.ts";
import { formatIp, parseIp } from "#base/ip.ts";
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
  inhibitIPv4: "com.docker.network.bridge.inhibit_ipv4",
  trusted: "com.docker.network.bridge.trusted_host_interfaces",
  hostIPv4: "com.docker.network.host_ipv4",
  hostIPv6: "com.docker.network.host_ipv6",
} as const;

/**
 * - `nat`: containers share the host's addresses, and are reached by published ports alone.
 * - `nat-unprotected`: the same, but whoever has a route to them reaches all their ports.
 * - `routed`: containers show their own addresses, where published ports are open; the host has none for them.
 * - `isolated`: the host has no address on the bridge. For internal networks.
 */
const GATEWAY_MODES = ["nat", "nat-unprotected", "routed", "isolated"] as const;
export type GatewayMode = (typeof GATEWAY_MODES)[number];

export interface BridgeSettings {
  readonly bridge: string;
  readonly icc: boolean;
  readonly masquerade: boolean;
  /** Host side of `-p` without an address; undefined: the daemon's default. */
  readonly hostBinding: string | undefined;
  /** Bytes; undefined: the daemon's default. */
  readonly mtu: number | undefined;
  readonly interfacePrefix: string;
  readonly gatewayModes: Readonly<Record<4 | 6, GatewayMode>>;
  /** The bridge has no IPv4 address: the gateway is some other machine on it. */
  readonly inhibitIPv4: boolean;
  /** Interfaces of the host from which all ports of the containers are reached. */
  readonly trusted: readonly string[];
  /** Source of what leaves for the world, instead of whichever address the host would choose. */
  readonly hostAddresses: Readonly<Record<4 | 6, string | undefined>>;
}

/** The longest interface name Linux takes. */
const LONGEST_NAME = 15;

/** A user's network has a bridge named after its id; the prefix tells it from Docker's "br-". */
export function bridgeNameOf(networkId: string): string {
  return `wh-${networkId.slice(0, LONGEST_NAME - 3)}`;
}

const BRIDGE_PREFIX = "com.docker.network.bridge.";
const KNOWN_KEYS: readonly string[] = [...Object.values(BRIDGE_OPTION), `${BRIDGE_PREFIX}default_bridge`];

/**
 * For a network that is being made: a mistyped option would be found out when it is missed. Keys of others are theirs.
 * @throws InvalidArgument naming the option that the driver does not have, or whose value is none
 */
export function checkBridgeOptions(network: Parameters<typeof bridgeSettings>[0]): void {
  const unknown = Object.keys(network.options).find(
    (key) => key.startsWith(BRIDGE_PREFIX) && !KNOWN_KEYS.includes(key),
  );
  if (unknown !== undefined)
    throw new InvalidArgument(`unknown option ${unknown} of network driver bridge`, {
      hint: `there are ${KNOWN_KEYS.filter((key) => key.startsWith(BRIDGE_PREFIX)).join(", ")}`,
    });
  bridgeSettings(network);
}

/**
 * The options of a bridge network as values. Keys the driver does not know are left alone: see above.
 * @throws InvalidArgument naming the option
 */
export function bridgeSettings(
  network: Pick<NetworkRecord, "id" | "options"> & Partial<Pick<NetworkRecord, "internal">>,
): BridgeSettings {
  const { id, options, internal = false } = network;
  return {
    bridge: interfaceName(options, BRIDGE_OPTION.name, LONGEST_NAME) ?? bridgeNameOf(id),
    icc: boolean(options, BRIDGE_OPTION.icc, true),
    masquerade: boolean(options, BRIDGE_OPTION.masquerade, true),
    hostBinding: address(options, BRIDGE_OPTION.hostBinding),
    mtu: mtuOption(options),
    interfacePrefix: interfaceName(options, BRIDGE_OPTION.interfacePrefix, LONGEST_NAME - 3) ?? "eth",
    gatewayModes: {
      4: gatewayMode(options, BRIDGE_OPTION.gatewayModeIPv4, internal),
      6: gatewayMode(options, BRIDGE_OPTION.gatewayModeIPv6, internal),
    },
    inhibitIPv4: boolean(options, BRIDGE_OPTION.inhibitIPv4, false),
    trusted: interfaceNames(options, BRIDGE_OPTION.trusted),
    hostAddresses: {
      4: address(options, BRIDGE_OPTION.hostIPv4, 4),
      6: address(options, BRIDGE_OPTION.hostIPv6, 6),
    },
  };
}

function gatewayMode(options: Options, key: string, internal: boolean): GatewayMode {
  const text = options[key];
  if (text === undefined || text === "") return "nat";
  const mode = GATEWAY_MODES.find((one) => one === text);
  if (mode === undefined) throw invalid(key, text, `expected ${GATEWAY_MODES.join(", ")}`);
  if (mode === "isolated" && !internal)
    throw new InvalidArgument("gateway mode 'isolated' can only be used for an internal network");
  return mode;
}

/** With colons between them, as Docker has it. */
function interfaceNames(options: Options, key: string): string[] {
  const names = (options[key] ?? "").split(":").filter((name) => name !== "");
  for (const name of names) checkInterfaceName(key, name, LONGEST_NAME);
  return names;
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

function address(options: Options, key: string, family?: 4 | 6): string | undefined {
  const text = options[key];
  if (text === undefined || text === "") return undefined;
  const ip = parseIp(text);
  if (!ip || (family !== undefined && ip.family !== family))
    throw invalid(
      key,
      text,
      family === undefined ? "expected an IP address" : `expected an IPv${family} address`,
    );
  return formatIp(ip);
}

function interfaceName(options: Options, key: string, longest: number): string | undefined {
  const text = options[key];
  if (text === undefined || text === "") return undefined;
  checkInterfaceName(key, text, longest);
  return text;
}

function checkInterfaceName(key: string, text: string, longest: number): void {
  if (text.length > longest || !/^[^\s/:"*]+$/.test(text) || text === "." || text === "..")
    throw invalid(key, text, `expected an interface name of at most ${longest} characters`);
}

function invalid(key: string, value: string, reason: string): InvalidArgument {
  return new InvalidArgument(`invalid value "${value}" for option ${key}: ${reason}`);
}
