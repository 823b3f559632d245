import { AF } from "../ffi/constants.ts";
import { ipBytes, ipText, prefixBytes } from "../ip-bytes.ts";
import type { LinkStep, RouteInfo } from "../types.ts";
import { decodeAttributes, type MessageWriter, type NetlinkMessage } from "./codec.ts";
import { NLM_F, RT_SCOPE, RT_TABLE, RTA, RTM, RTN, RTPROT_STATIC } from "./constants.ts";

type RouteStep = Extract<LinkStep, { readonly op: "route" }>;

const RTM_F_CLONED = 0x200;

/** @param index of the step's link, where it names one */
export function writeRoute(messages: MessageWriter, step: RouteStep, index: number | undefined): void {
  const { bytes, prefixLength } = prefixBytes(step.destination);
  const { type = "unicast", table = type === "local" ? RT_TABLE.LOCAL : RT_TABLE.MAIN } = step;
  const family = bytes.length === 4 ? AF.INET : AF.INET6;
  const existing = step.replace ? NLM_F.REPLACE : NLM_F.EXCL;
  messages.message(RTM.NEWROUTE, NLM_F.ACK | NLM_F.CREATE | existing, (message) => {
    // struct rtmsg: u8 family, destination and source prefix, tos, table, protocol, scope, type, u32 flags
    message.u8(family).u8(prefixLength).u8(0).u8(0);
    message
      .u8(table < 256 ? table : 0)
      .u8(RTPROT_STATIC)
      .u8(scopeOf(step))
      .u8(RTN[type])
      .u32(0);
    if (prefixLength > 0) message.attribute(RTA.DST, bytes);
    if (table >= 256) message.u32Attribute(RTA.TABLE, table);
    if (step.gateway !== undefined) message.attribute(RTA.GATEWAY, ipBytes(step.gateway));
    if (index !== undefined) message.u32Attribute(RTA.OIF, index);
    if (step.metric !== undefined) message.u32Attribute(RTA.PRIORITY, step.metric);
  });
}

/** As `ip route add` chooses: an address of this host, a neighbour on the link, or beyond a gateway. */
function scopeOf({ scope, type, gateway }: RouteStep): number {
  if (scope !== undefined) return RT_SCOPE[scope];
  if (type === "local") return RT_SCOPE.host;
  return gateway === undefined ? RT_SCOPE.link : RT_SCOPE.global;
}

/** Of every family: asking for IPv6 alone fails on a kernel without it. */
export function writeListRoutes(messages: MessageWriter): void {
  messages.message(RTM.GETROUTE, NLM_F.DUMP, (message) => message.u32(0).u32(0).u32(0));
}

/** @returns undefined for other families, and for what is no configuration but a cached decision of the kernel */
export function decodeRoute({ payload }: NetlinkMessage): RouteInfo | undefined {
  const family = payload.readUInt8(0);
  if (family !== AF.INET && family !== AF.INET6) return undefined;
  if (payload.readUInt32LE(8) & RTM_F_CLONED) return undefined;
  const attributes = decodeAttributes(payload, 12);
  const destination = attributes.get(RTA.DST) ?? Buffer.alloc(family === AF.INET ? 4 : 16);
  const hop = firstHop(attributes);
  return {
    destination: `${ipText(destination)}/${payload.readUInt8(1)}`,
    gateway: hop.gateway && ipText(hop.gateway),
    linkIndex: hop.linkIndex,
    table: attributes.get(RTA.TABLE)?.readUInt32LE(0) ?? payload.readUInt8(4),
  };
}

interface Hop {
  readonly gateway: Buffer | undefined;
  readonly linkIndex: number | undefined;
}

/** A route over several paths is told by its first: struct rtnexthop, u16 length, u8 flags, u8 weight, s32 link. */
function firstHop(attributes: Map<number, Buffer>): Hop {
  const several = attributes.get(RTA.MULTIPATH);
  if (!several) {
    return { gateway: attributes.get(RTA.GATEWAY), linkIndex: attributes.get(RTA.OIF)?.readUInt32LE(0) };
  }
  const first = several.subarray(0, several.readUInt16LE(0));
  return { gateway: decodeAttributes(first, 8).get(RTA.GATEWAY), linkIndex: first.readInt32LE(4) };
}
