import { AF } from "../ffi/constants.ts";
import { ipBytes, ipText } from "../ip-bytes.ts";
import type { AddressInfo, IpAddress } from "../types.ts";
import { decodeAttributes, type MessageWriter, type NetlinkMessage } from "./codec.ts";
import { IFA, IFA_F_NODAD, NLM_F, RTM } from "./constants.ts";

export interface LinkAddress {
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** IPv6 addresses skip duplicate detection: whoever gave them out knows them unique, and it would cost a second. */
export function writeAddress(messages: MessageWriter, { index, address, prefixLength }: LinkAddress): void {
  const bytes = ipBytes(address);
  messages.message(RTM.NEWADDR, NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL, (message) => {
    writeHeader(message, { index, prefixLength, bytes, flags: bytes.length === 16 ? IFA_F_NODAD : 0 });
    message.attribute(IFA.LOCAL, bytes).attribute(IFA.ADDRESS, bytes);
    if (bytes.length === 4 && prefixLength < 31)
      message.attribute(IFA.BROADCAST, broadcast(bytes, prefixLength));
  });
}

export function writeRemoveAddress(
  messages: MessageWriter,
  { index, address, prefixLength }: LinkAddress,
): void {
  const bytes = ipBytes(address);
  messages.message(RTM.DELADDR, NLM_F.ACK, (message) => {
    writeHeader(message, { index, prefixLength, bytes, flags: 0 });
    message.attribute(IFA.LOCAL, bytes).attribute(IFA.ADDRESS, bytes);
  });
}

export function writeListAddresses(messages: MessageWriter): void {
  messages.message(RTM.GETADDR, NLM_F.DUMP, (message) => message.u32(0).u32(0));
}

/** @returns undefined for other families than IP's */
export function decodeAddress({ payload }: NetlinkMessage): AddressInfo | undefined {
  const family = payload.readUInt8(0);
  if (family !== AF.INET && family !== AF.INET6) return undefined;
  const attributes = decodeAttributes(payload, 8);
  // On a point-to-point link ADDRESS is the other end's; without LOCAL it is our own.
  const address = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS) ?? Buffer.alloc(4);
  return {
    linkIndex: payload.readUInt32LE(4),
    address: ipText(address),
    prefixLength: payload.readUInt8(1),
  };
}

/** struct ifaddrmsg: u8 family, prefix length, flags, scope (global), u32 link index. */
function writeHeader(
  message: MessageWriter,
  header: {
    readonly index: number;
    readonly prefixLength: number;
    readonly bytes: Uint8Array;
    readonly flags: number;
  },
): void {
  const family = header.bytes.length === 4 ? AF.INET : AF.INET6;
  message.u8(family).u8(header.prefixLength).u8(header.flags).u8(0).u32(header.index);
}

/** The network's last address, as `ip address add … brd +` sets it. */
function broadcast(bytes: Uint8Array, prefixLength: number): Uint8Array {
  return bytes.map((byte, index) => byte | (0xff >> Math.max(0, Math.min(8, prefixLength - index * 8))));
}
