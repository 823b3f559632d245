import { Errno, SysError } from "../ffi/errno.ts";
import { ipBytes } from "../ip-bytes.ts";
import type { MessageWriter } from "../netlink/codec.ts";
import { NETLINK, NLM_F } from "../netlink/constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { LoopbackRedirect } from "../types.ts";
import { writeHeader, writeTransaction } from "./batch.ts";
import {
  NF_INET_LOCAL_OUT,
  NF_PRIORITY_NAT_DST,
  NFPROTO,
  NFT_CMP_EQ,
  NFT_META_L4PROTO,
  NFT_MSG,
  NFT_NAT_DNAT,
  NFT_PAYLOAD,
  NFT_REG,
  NFTA_CHAIN,
  NFTA_CMP,
  NFTA_DATA_VALUE,
  NFTA_EXPR,
  NFTA_HOOK,
  NFTA_IMMEDIATE,
  NFTA_LIST_ELEM,
  NFTA_META,
  NFTA_NAT,
  NFTA_PAYLOAD,
  NFTA_RULE,
  NFTA_TABLE_NAME,
} from "./constants.ts";
import { be32 } from "./fields.ts";

/**
 * Whoever closes a socket waits until all processors have left what was deleted by it, some 15 ms: later, there is nothing
 * to wait for.
 */
const CLOSE_AFTER_MS = 200;
const CHAIN = "output";
const PROTOCOLS = { tcp: 6, udp: 17 } as const;
/** Offsets in the IPv4 header and in the headers of TCP and UDP. */
const DESTINATION_ADDRESS = { base: NFT_PAYLOAD.NETWORK_HEADER, offset: 16, length: 4 } as const;
const DESTINATION_PORT = { base: NFT_PAYLOAD.TRANSPORT_HEADER, offset: 2, length: 2 } as const;

/**
 * Writes the table anew in the namespace the thread is in: one transaction by nfnetlink, as a run of `nft` would cost
 * more than all else at a container's start. A table of this name that is there is replaced.
 */
export function redirectLoopback(request: LoopbackRedirect): void {
  const socket = new NetlinkSocket(NETLINK.NETFILTER);
  const object = `table ${request.table}`;
  const replaces = hasTable(socket, request.table); // asked first: a change that is refused waits as well
  const messages = socket.writer();
  writeTransaction(messages, () => {
    if (replaces) writeTable(messages, NFT_MSG.DELTABLE, request.table);
    writeTable(messages, NFT_MSG.NEWTABLE, request.table);
    writeChain(messages, request.table);
    for (const protocol of ["udp", "tcp"] as const) writeRule(messages, request, protocol);
  });
  const refused = socket.transact(messages).find((verdict) => verdict.errno !== 0);
  if (replaces) setTimeout(() => socket[Symbol.dispose](), CLOSE_AFTER_MS).unref();
  else socket[Symbol.dispose]();
  if (refused) throw new SysError("nftables", refused.errno, object, refused.words);
}

function hasTable(socket: NetlinkSocket, table: string): boolean {
  const messages = socket.writer();
  messages.message(NFT_MSG.GETTABLE, 0, (message) => {
    writeHeader(message, NFPROTO.IPV4, 0).textAttribute(NFTA_TABLE_NAME, table);
  });
  return socket.get(messages, Errno.ENOENT, `table ${table}`) !== undefined;
}

function writeTable(messages: MessageWriter, type: number, table: string): void {
  const flags = NLM_F.ACK | (type === NFT_MSG.NEWTABLE ? NLM_F.CREATE : 0);
  messages.message(type, flags, (message) => {
    writeHeader(message, NFPROTO.IPV4, 0).textAttribute(NFTA_TABLE_NAME, table);
  });
}

function writeChain(messages: MessageWriter, table: string): void {
  messages.message(NFT_MSG.NEWCHAIN, NLM_F.ACK | NLM_F.CREATE, (message) => {
    writeHeader(message, NFPROTO.IPV4, 0)
      .textAttribute(NFTA_CHAIN.TABLE, table)
      .textAttribute(NFTA_CHAIN.NAME, CHAIN)
      .nested(NFTA_CHAIN.HOOK, (hook) =>
        hook
          .attribute(NFTA_HOOK.NUMBER, be32(NF_INET_LOCAL_OUT))
          .attribute(NFTA_HOOK.PRIORITY, be32(NF_PRIORITY_NAT_DST)),
      )
      .textAttribute(NFTA_CHAIN.TYPE, "nat");
  });
}

function writeRule(messages: MessageWriter, request: LoopbackRedirect, protocol: "tcp" | "udp"): void {
  const address = ipBytes(request.address);
  messages.message(NFT_MSG.NEWRULE, NLM_F.ACK | NLM_F.CREATE | NLM_F.APPEND, (message) => {
    writeHeader(message, NFPROTO.IPV4, 0)
      .textAttribute(NFTA_RULE.TABLE, request.table)
      .textAttribute(NFTA_RULE.CHAIN, CHAIN)
      .nested(NFTA_RULE.EXPRESSIONS, (list) => {
        matchPayload(list, DESTINATION_ADDRESS, address);
        expression(list, "meta", (data) =>
          data.attribute(NFTA_META.DREG, be32(NFT_REG[1])).attribute(NFTA_META.KEY, be32(NFT_META_L4PROTO)),
        );
        compare(list, Uint8Array.of(PROTOCOLS[protocol]));
        matchPayload(list, DESTINATION_PORT, be16(request.port));
        immediate(list, NFT_REG[1], address);
        immediate(list, NFT_REG[2], be16(request.to[protocol]));
        expression(list, "nat", (data) =>
          data
            .attribute(NFTA_NAT.TYPE, be32(NFT_NAT_DNAT))
            .attribute(NFTA_NAT.FAMILY, be32(NFPROTO.IPV4))
            .attribute(NFTA_NAT.REG_ADDR_MIN, be32(NFT_REG[1]))
            .attribute(NFTA_NAT.REG_PROTO_MIN, be32(NFT_REG[2])),
        );
      });
  });
}

function expression(list: MessageWriter, name: string, body: (data: MessageWriter) => void): void {
  list.nested(NFTA_LIST_ELEM, (element) => {
    element.textAttribute(NFTA_EXPR.NAME, name).nested(NFTA_EXPR.DATA, body);
  });
}

function matchPayload(
  list: MessageWriter,
  { base, offset, length }: typeof DESTINATION_ADDRESS | typeof DESTINATION_PORT,
  value: Uint8Array,
): void {
  expression(list, "payload", (data) =>
    data
      .attribute(NFTA_PAYLOAD.DREG, be32(NFT_REG[1]))
      .attribute(NFTA_PAYLOAD.BASE, be32(base))
      .attribute(NFTA_PAYLOAD.OFFSET, be32(offset))
      .attribute(NFTA_PAYLOAD.LEN, be32(length)),
  );
  compare(list, value);
}

function compare(list: MessageWriter, value: Uint8Array): void {
  expression(list, "cmp", (data) =>
    data
      .attribute(NFTA_CMP.SREG, be32(NFT_REG[1]))
      .attribute(NFTA_CMP.OP, be32(NFT_CMP_EQ))
      .nested(NFTA_CMP.DATA, (nested) => nested.attribute(NFTA_DATA_VALUE, value)),
  );
}

function immediate(list: MessageWriter, register: number, value: Uint8Array): void {
  expression(list, "immediate", (data) =>
    data
      .attribute(NFTA_IMMEDIATE.DREG, be32(register))
      .nested(NFTA_IMMEDIATE.DATA, (nested) => nested.attribute(NFTA_DATA_VALUE, value)),
  );
}

function be16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
