import { ipBytes } from "#kernel/ip-bytes.ts";
import type { FirewallElement, FirewallField, IpAddress } from "#kernel/types.ts";
import type { EndpointRecord, NetworkRecord, PublishedPort, SandboxRecord } from "../types.ts";
import { bridgeAddresses } from "./bridge.ts";
import { exposedTargets, portTargets } from "./gateway.ts";
import { familyOf, isEveryAddress } from "./host-address.ts";
import { type BridgeSettings, bridgeSettings } from "./options.ts";

/** What a bridge network adds to the tables. */
export function networkElements(network: NetworkRecord): FirewallElement[] {
  const settings = bridgeSettings(network);
  const name: FirewallField = { kind: "ifname", value: settings.bridge };
  const sets: Record<string, boolean> = {
    bridges: true,
    internal: network.internal,
    ...familySets(4, settings, network),
    ...familySets(6, settings, network),
    ...anchors(network),
  };
  return [
    ...keysThatAreTrue(sets).map((set) => ({ set, key: [name] })),
    leadsTo("within", [name, name], settings.icc ? "together" : "separate"),
    leadsTo("from", [name], network.internal ? "nowhere" : "outward"),
    leadsTo("into", [name], network.internal ? "nowhere" : "inward"),
    ...settings.trusted.map((from) => ({
      set: "trusted",
      key: [{ kind: "ifname", value: from } as const, name],
    })),
    ...([4, 6] as const).flatMap((family) => translation(family, name, settings)),
    ...bridgeAddresses(network).flatMap(({ address }) => ownership(address)),
  ];
}

/** Chains of the table judge what these maps hold. */
function leadsTo(set: string, key: readonly FirewallField[], chain: string): FirewallElement {
  return { set, key, value: [{ kind: "goto", value: chain }] };
}

function familySets(
  family: 4 | 6,
  settings: BridgeSettings,
  { internal, enableIPv4 = true, enableIPv6 = false }: NetworkRecord,
): Record<string, boolean> {
  const mode = settings.gatewayModes[family];
  const leadsOut = !internal && (family === 4 ? enableIPv4 : enableIPv6);
  const isTranslated = mode === "nat" || mode === "nat-unprotected";
  return {
    [`masqueraded${family}`]: leadsOut && isTranslated && settings.masquerade,
    [`open${family}`]: leadsOut && mode === "nat-unprotected",
    [`routed${family}`]: leadsOut && mode === "routed",
  };
}

function anchors(network: NetworkRecord): Record<string, boolean> {
  const families = bridgeAddresses(network).map(({ address }) => familyOf(address));
  return { anchored4: families.includes(4), anchored6: families.includes(6) };
}

function translation(family: 4 | 6, name: FirewallField, settings: BridgeSettings): FirewallElement[] {
  const address = settings.hostAddresses[family];
  const mode = settings.gatewayModes[family];
  if (address === undefined || !settings.masquerade || mode === "routed") return [];
  return [{ set: `snat${family}`, key: [name], value: [addressField(address)] }];
}

/**
 * What a container's place on a bridge adds: its addresses are nobody else's.
 * @param siblings the container's other places. It answers whoever it meets on this bridge from here, also those who asked
 *   for it by an address it has elsewhere: the host does so for a published port that leads there.
 */
export function endpointElements(
  network: NetworkRecord,
  { hostInterfaceName, ipv4, ipv6 }: EndpointRecord,
  siblings: readonly EndpointRecord[],
): FirewallElement[] {
  const port: FirewallField = { kind: "ifname", value: hostInterfaceName };
  const elsewhere = siblings.flatMap((sibling) => [sibling.ipv4, sibling.ipv6]);
  return [
    ...(bridgeSettings(network).icc ? [] : [{ family: "bridge", set: "apart", key: [port] } as const]),
    ...[ipv4, ipv6].flatMap((place) => (place ? ownership(place.address, hostInterfaceName) : [])),
    ...elsewhere.flatMap((place) => (place ? [placement(place.address, port)] : [])),
  ];
}

/** @param port undefined: nobody on the bridge may speak as this address */
function ownership(address: IpAddress, port?: string): FirewallElement[] {
  const family = familyOf(address);
  const place: FirewallField | undefined = port === undefined ? undefined : { kind: "ifname", value: port };
  const own: FirewallElement[] = [
    { family: "bridge", set: `owned${family}`, key: [addressField(address)] },
    ...(place ? [placement(address, place)] : []),
  ];
  if (family === 4) return own;
  const bytes: FirewallField = { kind: "bytes", value: Buffer.from(ipBytes(address)).toString("hex") };
  return [
    ...own,
    { family: "bridge", set: "advertised6", key: [bytes] },
    ...(place ? [{ family: "bridge", set: "advertisers6", key: [place, bytes] } as const] : []),
  ];
}

function placement(address: IpAddress, port: FirewallField): FirewallElement {
  return { family: "bridge", set: `places${familyOf(address)}`, key: [port, addressField(address)] };
}

/** What the published ports of a container add to the table. */
export function portElements(sandbox: Pick<SandboxRecord, "endpoints" | "ports">): FirewallElement[] {
  const targets = portTargets(sandbox.endpoints);
  const exposed = exposedTargets(sandbox.endpoints);
  const translated = sandbox.ports.flatMap((port) => {
    if (port.hostPort === 0) return [];
    const target = targets[familyOf(port.hostAddress)];
    if (target !== undefined) return [portElement(port, target)];
    return targets[4] === undefined && targets[6] === undefined ? [] : relayElements(port);
  });
  const opened = new Map<string, FirewallElement>();
  for (const port of sandbox.ports) {
    const family = familyOf(port.hostAddress);
    const target = exposed[family];
    if (port.hostPort === 0 && target !== undefined)
      opened.set(`${family} ${port.containerPort}/${port.protocol}`, exposure(port, target));
  }
  return [...translated, ...opened.values()];
}

/** The container has no address of the port's family. */
function relayElements({ hostAddress, protocol, hostPort }: PublishedPort): FirewallElement[] {
  if (!isEveryAddress(hostAddress) || protocol === "sctp") return [];
  const set = `relayed${familyOf(hostAddress)}`;
  return [
    {
      set,
      key: [
        { kind: "protocol", value: protocol },
        { kind: "port", value: hostPort },
      ],
    },
  ];
}

function exposure({ protocol, containerPort }: PublishedPort, target: IpAddress): FirewallElement {
  return {
    set: `exposed${familyOf(target)}`,
    key: [
      addressField(target),
      { kind: "protocol", value: protocol },
      { kind: "port", value: containerPort },
    ],
  };
}

function portElement(port: PublishedPort, target: IpAddress): FirewallElement {
  const family = familyOf(port.hostAddress);
  const isEvery = isEveryAddress(port.hostAddress);
  return {
    set: `dnat${family}${isEvery ? "any" : ""}`,
    key: [
      ...(isEvery ? [] : [addressField(port.hostAddress)]),
      { kind: "protocol", value: port.protocol },
      { kind: "port", value: port.hostPort },
    ],
    value: [addressField(target), { kind: "port", value: port.containerPort }],
  };
}

function addressField(value: IpAddress): FirewallField {
  return { kind: familyOf(value) === 4 ? "ipv4" : "ipv6", value };
}

function keysThatAreTrue(flags: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(flags).filter((key) => flags[key]);
}
