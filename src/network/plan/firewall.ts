import type { FirewallElement, FirewallField } from "#kernel/types.ts";
import type { NetworkRecord, PublishedPort, SandboxRecord } from "../types.ts";
import { portTargets } from "./gateway.ts";
import { familyOf, isEveryAddress } from "./host-address.ts";
import { bridgeSettings } from "./options.ts";

/** Packets of ours carry this mark, so that one foreign rule can let them pass a firewall that drops by default. */
export const ACCEPT_MARK = 0x40000000;
/** Packets that leave by the bridge they came in on after their destination was rewritten. */
const HAIRPIN_MARK = 0x20000000;

/**
 * The whole table as one nft script that replaces what was there in one transaction. The chains are always the same:
 * networks and ports are elements of sets and maps, so that a packet's way does not grow with their number.
 */
export function tableScript(table: string, elements: readonly FirewallElement[]): string {
  const definitions = Object.entries(SETS).map(([name, definition]) => {
    const texts = elements.filter(({ set }) => set === name).map(elementText);
    const content = texts.length > 0 ? ` elements = { ${texts.join(", ")} }` : "";
    return `  ${definition.map ? "map" : "set"} ${name} { type ${definition.type};${content} }`;
  });
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
${definitions.join("\n")}
${CHAINS}}
`;
}

/** What a bridge network adds to the table. */
export function networkElements(network: NetworkRecord): FirewallElement[] {
  const { bridge, icc, masquerade } = bridgeSettings(network);
  const name: FirewallField = { kind: "ifname", value: bridge };
  const sets: Record<string, boolean> = {
    bridges: true,
    masqueraded: masquerade && !network.internal,
    internal: network.internal,
  };
  const pairs: Record<string, boolean> = { loops: true, icc };
  return [
    ...keysThatAreTrue(sets).map((set) => ({ set, key: [name] })),
    ...keysThatAreTrue(pairs).map((set) => ({ set, key: [name, name] })),
  ];
}

/** What the published ports of a container add to the table. */
export function portElements(sandbox: Pick<SandboxRecord, "endpoints" | "ports">): FirewallElement[] {
  const targets = portTargets(sandbox.endpoints);
  return sandbox.ports.flatMap((port) => {
    const target = targets[familyOf(port.hostAddress)];
    return target === undefined ? [] : [portElement(port, target)];
  });
}

function portElement(port: PublishedPort, target: string): FirewallElement {
  const family = familyOf(port.hostAddress);
  const isEvery = isEveryAddress(port.hostAddress);
  const kind = family === 4 ? "ipv4" : "ipv6";
  const address: FirewallField[] = isEvery ? [] : [{ kind, value: port.hostAddress }];
  return {
    set: `dnat${family}${isEvery ? "any" : ""}`,
    key: [...address, { kind: "protocol", value: port.protocol }, { kind: "port", value: port.hostPort }],
    value: [
      { kind, value: target },
      { kind: "port", value: port.containerPort },
    ],
  };
}

function keysThatAreTrue(flags: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(flags).filter((key) => flags[key]);
}

function elementText({ key, value }: FirewallElement): string {
  return value ? `${fieldsText(key)} : ${fieldsText(value)}` : fieldsText(key);
}

function fieldsText(fields: readonly FirewallField[]): string {
  return fields.map((field) => (field.kind === "ifname" ? `"${field.value}"` : `${field.value}`)).join(" . ");
}

const SETS: Readonly<Record<string, { readonly map?: boolean; readonly type: string }>> = {
  bridges: { type: "ifname" },
  /** Bridges whose containers share the host's addresses towards the world. */
  masqueraded: { type: "ifname" },
  /** Bridges with no way in or out. */
  internal: { type: "ifname" },
  /** Every bridge paired with itself. */
  loops: { type: "ifname . ifname" },
  /** From which bridge to which containers may talk. */
  icc: { type: "ifname . ifname" },
  dnat4: { map: true, type: "ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service" },
  dnat4any: { map: true, type: "inet_proto . inet_service : ipv4_addr . inet_service" },
  dnat6: { map: true, type: "ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service" },
  dnat6any: { map: true, type: "inet_proto . inet_service : ipv6_addr . inet_service" },
};

/**
 * - `guard`: with route_localnet on the bridges, a container could otherwise speak to the host's 127.0.0.1, or as it.
 * - `arrive`: 127.0.0.0/8 is left out because the rewriting comes before the kernel's own check of such packets: a
 *   neighbour on the LAN could reach ports published on 127.0.0.1 alone.
 * - `depart`: ::1 is left out because its answers cannot find back through a bridge; the engine relays it.
 * - `leave`: a loopback source cannot be answered from a container, so the bridge's address stands for it.
 * - `pass`: nobody enters a bridge but by a published port, as an answer, or from a bridge that may. The chain runs
 *   before foreign ones of the same hook, so that they can see the mark.
 */
const CHAINS = `  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip saddr 127.0.0.0/8 counter drop
    iifname @bridges ip daddr 127.0.0.0/8 counter drop
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @dnat4
    dnat ip to meta l4proto . th dport map @dnat4any
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @dnat6
    dnat ip6 to meta l4proto . th dport map @dnat6any
  }
  chain arrive {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 127.0.0.0/8 return
    fib daddr type local jump publish
  }
  chain depart {
    type nat hook output priority -100; policy accept;
    ip6 daddr ::1 return
    fib daddr type local jump publish
  }
  chain leave {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 ct status dnat masquerade
    meta mark & ${hex(HAIRPIN_MARK)} != 0 ct status dnat masquerade
    iifname @masqueraded oifname != @bridges masquerade
  }
  chain pass {
    type filter hook forward priority filter - 1; policy accept;
    iifname != @bridges oifname != @bridges accept
    iifname @internal iifname . oifname != @loops counter drop
    oifname @internal iifname . oifname != @loops counter drop
    meta mark set meta mark | ${hex(ACCEPT_MARK)}
    iifname . oifname @loops ct status dnat meta mark set meta mark | ${hex(HAIRPIN_MARK)}
    ct state established,related accept
    ct status dnat accept
    iifname . oifname @icc accept
    oifname @bridges counter drop comment "not published, or another network's"
  }
`;

function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}
