import type { FirewallElement, FirewallField } from "#kernel/types.ts";

/** Packets of ours carry this mark, so that one foreign rule can let them pass a firewall that drops by default. */
export const ACCEPT_MARK = 0x40000000;
/** Packets that leave by the bridge they came in on after their destination was rewritten. */
const HAIRPIN_MARK = 0x20000000;

export interface TableRequest {
  readonly table: string;
  readonly elements: readonly FirewallElement[];
  /** Whether this kernel can look at frames inside bridges. */
  readonly guardsBridges: boolean;
  /** What comes from outside goes by the host's input rules to the engine's relays. */
  readonly asksInputRules?: boolean;
}

/**
 * Both tables as one nft script that replaces what was there in one transaction. The chains are always the same: networks
 * and ports are elements of sets and maps, so that a packet's way does not grow with their number.
 */
export function tableScript({
  table,
  elements,
  guardsBridges,
  asksInputRules = false,
}: TableRequest): string {
  const inet = elements.filter(({ family }) => family === undefined);
  const bridge = elements.filter(({ family }) => family === "bridge");
  return [
    replacement("inet", table, definitionsOf(SETS, inet), chains(asksInputRules)),
    ...(guardsBridges
      ? [replacement("bridge", table, definitionsOf(BRIDGE_SETS, bridge), bridgeChains(keepsApart(bridge)))]
      : []),
  ].join("");
}

/** Whether there are ports that a table must keep apart: the others' frames are not asked then. */
export function keepsApart(elements: readonly FirewallElement[]): boolean {
  return elements.some(({ set }) => set === "apart");
}

function replacement(family: string, table: string, definitions: readonly string[], chains: string): string {
  return `table ${family} ${table}
delete table ${family} ${table}
table ${family} ${table} {
${definitions.join("\n")}
${chains}}
`;
}

interface SetDefinition {
  readonly map?: boolean;
  /** nft's words for what its elements are. */
  readonly type: string;
}

function definitionsOf(
  sets: Readonly<Record<string, SetDefinition>>,
  elements: readonly FirewallElement[],
): string[] {
  const bySet = Map.groupBy(elements, ({ set }) => set);
  return Object.entries(sets).map(([name, { map, type }]) => {
    const texts = new Set((bySet.get(name) ?? []).map(elementText));
    const content = texts.size > 0 ? ` elements = { ${[...texts].join(", ")} }` : "";
    return `  ${map ? "map" : "set"} ${name} { ${type};${content} }`;
  });
}

function elementText({ key, value }: FirewallElement): string {
  return value ? `${fieldsText(key)} : ${fieldsText(value)}` : fieldsText(key);
}

function fieldsText(fields: readonly FirewallField[]): string {
  return fields.map(fieldText).join(" . ");
}

function fieldText(field: FirewallField): string {
  if (field.kind === "ifname") return `"${field.value}"`;
  if (field.kind === "goto") return `goto ${field.value}`;
  return field.kind === "bytes" ? `0x${field.value}` : `${field.value}`;
}

const SETS: Readonly<Record<string, SetDefinition>> = {
  bridges: { type: "type ifname" },
  /** Bridges on which the host has an address, and so knows who is behind them. */
  anchored4: { type: "type ifname" },
  anchored6: { type: "type ifname" },
  /** Bridges whose containers share the host's addresses towards the world. */
  masqueraded4: { type: "type ifname" },
  masqueraded6: { type: "type ifname" },
  /** Or one address of it. */
  snat4: { map: true, type: "type ifname : ipv4_addr" },
  snat6: { map: true, type: "type ifname : ipv6_addr" },
  /** Bridges with no way in or out. */
  internal: { type: "type ifname" },
  /** Every bridge paired with itself: what its containers may say to each other. */
  within: { map: true, type: "type ifname . ifname : verdict" },
  /** What may leave a bridge for another link, and what may come in from one. */
  from: { map: true, type: "type ifname : verdict" },
  into: { map: true, type: "type ifname : verdict" },
  /** Bridges whose containers are reached at all their ports by who knows the way. */
  open4: { type: "type ifname" },
  open6: { type: "type ifname" },
  /** From an interface of the host into a bridge. */
  trusted: { type: "type ifname . ifname" },
  /** Bridges whose containers' own addresses are known outside, and ports that are published there. */
  routed4: { type: "type ifname" },
  routed6: { type: "type ifname" },
  exposed4: { type: "type ipv4_addr . inet_proto . inet_service" },
  exposed6: { type: "type ipv6_addr . inet_proto . inet_service" },
  /** Ports at every address of the host that the engine relays, as their containers have no address of the family. */
  relayed4: { type: "type inet_proto . inet_service" },
  relayed6: { type: "type inet_proto . inet_service" },
  /** Ports of the host that are not for containers: the engine's own API without a key to it. */
  engine: { type: "type inet_service" },
  dnat4: { map: true, type: "type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service" },
  dnat4any: { map: true, type: "type inet_proto . inet_service : ipv4_addr . inet_service" },
  dnat6: { map: true, type: "type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service" },
  dnat6any: { map: true, type: "type inet_proto . inet_service : ipv6_addr . inet_service" },
};

/** 16 bytes of an ICMPv6 message that hold the address a neighbour says is its own. */
const ADVERTISED = "@th,64,128";

const BRIDGE_SETS: Readonly<Record<string, SetDefinition>> = {
  /** Ports of containers that speak to others of their bridge by published ports alone. */
  apart: { type: "type ifname" },
  /** Addresses that belong to one container or to the host, and the port each container's belong to. */
  owned4: { type: "type ipv4_addr" },
  places4: { type: "type ifname . ipv4_addr" },
  owned6: { type: "type ipv6_addr" },
  places6: { type: "type ifname . ipv6_addr" },
  /** The same as bytes, as nft has no name for where they are looked for. */
  advertised6: { type: `typeof ${ADVERTISED}` },
  advertisers6: { type: `typeof iifname . ${ADVERTISED}` },
};

/**
 * Every packet of every connection passes `genuine` and `pass`, so what is established leaves them after one or two
 * lookups: a lookup costs some 50 ns, a rule 10.
 *
 * - `genuine`: with route_localnet on the bridges, a container could otherwise speak to the host's 127.0.0.1, or as it;
 *   that holds for established connections too, which are the host's own. A container that begins to speak as somebody
 *   beyond its bridge is not heard. What stays on the bridge is not asked, or containers could not be routers for each other.
 * - `arrive`: 127.0.0.0/8 is left out because the rewriting comes before the kernel's own check of such packets: a
 *   neighbour on the LAN could reach ports published on 127.0.0.1 alone.
 * - `depart`: ::1 is left out because its answers cannot find back through a bridge; the engine relays it.
 * - `leave`: a loopback source cannot be answered from a container, so the bridge's address stands for it.
 * - `enter`: from an internal network only the host's address in that very network is reached, and no container by it.
 * - `pass`: nobody enters a bridge but by a published port, as an answer, or from a bridge that may; what is internal is
 *   told apart first, as a packet of somebody else's connection is easily forged. The chain runs before foreign ones of
 *   the same hook, so that they can see the mark.
 */
const chains = (asksInputRules: boolean) => `  chain genuine {
    type filter hook prerouting priority mangle; policy accept;
    ip saddr 127.0.0.0/8 iifname @bridges counter drop
    ip daddr 127.0.0.0/8 iifname @bridges counter drop
    ct state established,related accept
    iifname != @bridges accept
    meta nfproto ipv4 iifname != @anchored4 accept
    meta nfproto ipv6 iifname != @anchored6 accept
    fib daddr . iif oif missing fib saddr . iif oif missing counter drop comment "a source that is not behind this bridge"
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
${asksInputRules ? "    iifname != @bridges return\n" : ""}    fib daddr type local jump publish
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
    oifname @bridges return
    snat ip to iifname map @snat4
    snat ip6 to iifname map @snat6
    meta nfproto ipv4 iifname @masqueraded4 masquerade
    meta nfproto ipv6 iifname @masqueraded6 masquerade
  }
  chain enter {
    type filter hook input priority filter - 1; policy accept;
    iifname != @bridges accept
    iifname @internal fib daddr type local fib daddr . iif type != local counter drop
    iifname @internal meta nfproto ipv4 meta l4proto . th dport @relayed4 counter drop
    iifname @internal meta nfproto ipv6 meta l4proto . th dport @relayed6 counter drop
    tcp dport @engine counter drop
  }
  chain together {
    meta mark set meta mark | ${hex(ACCEPT_MARK)}
    ct state established,related accept
    ct status dnat meta mark set meta mark | ${hex(HAIRPIN_MARK)}
    accept
  }
  chain separate {
    meta mark set meta mark | ${hex(ACCEPT_MARK)}
    ct status dnat meta mark set meta mark | ${hex(HAIRPIN_MARK)}
    ct state established,related accept
    ct status dnat accept
    counter drop comment "containers of this network do not talk to each other"
  }
  chain outward {
    oifname vmap @into
    meta mark set meta mark | ${hex(ACCEPT_MARK)}
    accept
  }
  chain inward {
    meta mark set meta mark | ${hex(ACCEPT_MARK)}
    ct state established,related accept
    ct status dnat accept
    iifname . oifname @trusted accept
    meta nfproto ipv4 iifname != @bridges oifname @open4 accept
    meta nfproto ipv6 iifname != @bridges oifname @open6 accept
    ip daddr . meta l4proto . th dport @exposed4 accept
    ip6 daddr . meta l4proto . th dport @exposed6 accept
    meta l4proto icmp oifname @routed4 accept
    meta l4proto ipv6-icmp oifname @routed6 accept
    counter drop comment "not published, or another network's"
  }
  chain nowhere {
    counter drop comment "an internal network"
  }
  chain pass {
    type filter hook forward priority filter - 1; policy accept;
    iifname . oifname vmap @within
    iifname vmap @from
    oifname vmap @into
  }
`;

/**
 * - `genuine`: a container may use addresses that nobody has, but not one of another container, nor the host's. The honest
 *   frame is through with one lookup.
 * - `apart`: with br_netfilter a connection by a published port stays inside the bridge, and carries the mark there.
 */
const bridgeChains = (withApart: boolean) => `  chain genuine {
    type filter hook prerouting priority -300; policy accept;
    iifname . ip saddr @places4 accept
    ip saddr @owned4 counter drop
    icmpv6 type nd-neighbor-advert ${ADVERTISED} @advertised6 iifname . ${ADVERTISED} != @advertisers6 counter drop
    iifname . ip6 saddr @places6 accept
    ip6 saddr @owned6 counter drop
    arp saddr ip @owned4 iifname . arp saddr ip != @places4 counter drop
  }
${
  withApart
    ? `  chain apart {
    type filter hook forward priority 100; policy accept;
    iifname @apart oifname @apart meta mark & ${hex(HAIRPIN_MARK)} == 0 counter drop
  }
`
    : ""
}`;

function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}
