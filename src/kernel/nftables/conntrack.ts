import { AF } from "../ffi/constants.ts";
import { decodeAttributes, type MessageWriter, type NetlinkMessage } from "../netlink/codec.ts";
import { NLA_F_NESTED, NLM_F } from "../netlink/constants.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";

/** Numbers of ctnetlink, from include/uapi/linux/netfilter/{nfnetlink,nfnetlink_conntrack}.h. */
const NFNL_SUBSYS_CTNETLINK = 1;
const CT_MSG = { GET: (NFNL_SUBSYS_CTNETLINK << 8) | 1, DELETE: (NFNL_SUBSYS_CTNETLINK << 8) | 2 } as const;
const CTA = { TUPLE_ORIG: 1, FILTER: 25 } as const;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO = { NUM: 1, DST_PORT: 3 } as const;
const CTA_FILTER_ORIG_FLAGS = 1;
/** CTA_FILTER_F_CTA_PROTO_NUM of nf_internals.h: the protocol of the tuple must match. Before Linux 5.8 no filter acts. */
const MATCH_PROTOCOL = 1 << 3;
const UDP = 17;

/** struct nfgenmsg: u8 family, u8 version, u16 resource. */
const GENERIC_HEADER_BYTES = 4;

/** Makes the kernel forget UDP streams whose first packet went to one of these ports. */
export function forgetUdpStreams(socket: NetlinkSocket, ports: ReadonlySet<number>): void {
  for (const family of [AF.INET, AF.INET6]) {
    const streams = socket.dump("connections", (messages) => writeListUdp(messages, family));
    const tuples = streams.map(originalTuple).filter((tuple) => tuple !== undefined && isTo(tuple, ports));
    if (tuples.length === 0) continue;
    const messages = socket.writer();
    for (const tuple of tuples) writeForget(messages, family, tuple!);
    socket.transact(messages); // "no such stream": it ended meanwhile
  }
}

function writeListUdp(messages: MessageWriter, family: number): void {
  messages.message(CT_MSG.GET, NLM_F.DUMP, (message) => {
    message.u8(family).u8(0).u16(0);
    message.nested(CTA.TUPLE_ORIG, (tuple) =>
      tuple.nested(CTA_TUPLE_PROTO, (protocol) => protocol.u8Attribute(CTA_PROTO.NUM, UDP)),
    );
    message.nested(CTA.FILTER, (filter) => filter.u32Attribute(CTA_FILTER_ORIG_FLAGS, MATCH_PROTOCOL));
  });
}

/** A stream is named by the addresses and ports of its first packet, in the very bytes the kernel told them. */
function writeForget(messages: MessageWriter, family: number, tuple: Buffer): void {
  messages.message(CT_MSG.DELETE, NLM_F.ACK, (message) => {
    message.u8(family).u8(0).u16(0);
    message.attribute(CTA.TUPLE_ORIG | NLA_F_NESTED, tuple);
  });
}

function originalTuple({ payload }: NetlinkMessage): Buffer | undefined {
  return decodeAttributes(payload, GENERIC_HEADER_BYTES).get(CTA.TUPLE_ORIG);
}

function isTo(tuple: Buffer, ports: ReadonlySet<number>): boolean {
  const protocol = decodeAttributes(decodeAttributes(tuple).get(CTA_TUPLE_PROTO) ?? Buffer.alloc(0));
  const port = protocol.get(CTA_PROTO.DST_PORT);
  return protocol.get(CTA_PROTO.NUM)?.[0] === UDP && port !== undefined && ports.has(port.readUInt16BE(0));
}
