import type { LinkInfo, LinkStep, Netlink, SubInterface } from "../types.ts";
import { decodeAttributes, decodeText, type MessageWriter, type NetlinkMessage } from "./codec.ts";
import {
  IFF_UP,
  IFLA,
  IFLA_BR_MCAST_SNOOPING,
  IFLA_BRPORT,
  IFLA_INFO,
  IFLA_VLAN_ID,
  IPVLAN,
  MACVLAN,
  NLM_F,
  RTM,
  VETH_INFO_PEER,
} from "./constants.ts";

const CREATE = NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;

/** A link by index, or by name, which the kernel looks up itself. */
export type LinkReference = number | string;

type BridgeRequest = Parameters<Netlink["createBridge"]>[0];
type VethRequest = Parameters<Netlink["createVeth"]>[0];
type VlanRequest = Parameters<Netlink["createVlan"]>[0];
type PortFlags = Parameters<Netlink["setBridgePort"]>[1];
type LinkChange = Extract<LinkStep, { readonly op: "up" | "down" | "mtu" }>;

/** The bridge is born down: `up` comes when its settings are in place. */
export function writeBridge(messages: MessageWriter, request: BridgeRequest): void {
  const { name, mac, mtu, multicastSnooping } = request;
  messages.message(RTM.NEWLINK, CREATE, (message) => {
    writeHeader(message, 0, 0, 0);
    writeIdentity(message, { name, mac, mtu });
    message.nested(IFLA.LINKINFO, (info) => {
      info.textAttribute(IFLA_INFO.KIND, "bridge");
      if (multicastSnooping === undefined) return;
      info.nested(IFLA_INFO.DATA, (data) =>
        data.u8Attribute(IFLA_BR_MCAST_SNOOPING, Number(multicastSnooping)),
      );
    });
  });
}

/** The peer must not ask to be up: the kernel answers ENOTCONN while its other end is not. */
export function writeVeth(messages: MessageWriter, request: VethRequest): void {
  const { name, masterIndex, mtu, peerName, peerNetnsFd, peerMac } = request;
  messages.message(RTM.NEWLINK, CREATE, (message) => {
    writeHeader(message, 0, IFF_UP, IFF_UP);
    writeIdentity(message, { name, mtu });
    if (masterIndex !== undefined) message.u32Attribute(IFLA.MASTER, masterIndex);
    message.nested(IFLA.LINKINFO, (info) => {
      info.textAttribute(IFLA_INFO.KIND, "veth");
      info.nested(IFLA_INFO.DATA, (data) =>
        data.nested(VETH_INFO_PEER, (peer) => {
          writeHeader(peer, 0, 0, 0);
          writeIdentity(peer, { name: peerName, mac: peerMac, mtu });
          peer.u32Attribute(IFLA.NET_NS_FD, peerNetnsFd);
        }),
      );
    });
  });
}

export function writeDummy(messages: MessageWriter, name: string): void {
  messages.message(RTM.NEWLINK, CREATE, (message) => {
    writeHeader(message, 0, 0, 0);
    writeIdentity(message, { name });
    message.nested(IFLA.LINKINFO, (info) => info.textAttribute(IFLA_INFO.KIND, "dummy"));
  });
}

export function writeVlan(messages: MessageWriter, { name, parentIndex, id }: VlanRequest): void {
  messages.message(RTM.NEWLINK, CREATE, (message) => {
    writeHeader(message, 0, 0, 0);
    writeIdentity(message, { name });
    message.u32Attribute(IFLA.LINK, parentIndex);
    message.nested(IFLA.LINKINFO, (info) => {
      info.textAttribute(IFLA_INFO.KIND, "vlan");
      info.nested(IFLA_INFO.DATA, (data) => data.attribute(IFLA_VLAN_ID, le16(id)));
    });
  });
}

/** The parent is one of the sender's namespace, the new link belongs to the other. */
export function writeSubInterface(messages: MessageWriter, request: SubInterface): void {
  const { name, parentIndex, netnsFd, mtu, kind } = request;
  messages.message(RTM.NEWLINK, CREATE, (message) => {
    writeHeader(message, 0, 0, 0);
    writeIdentity(message, { name, mtu, mac: kind === "macvlan" ? request.mac : undefined });
    message.u32Attribute(IFLA.LINK, parentIndex).u32Attribute(IFLA.NET_NS_FD, netnsFd);
    message.nested(IFLA.LINKINFO, (info) => {
      info.textAttribute(IFLA_INFO.KIND, kind);
      info.nested(IFLA_INFO.DATA, (data) => {
        if (kind === "macvlan") data.u32Attribute(MACVLAN.MODE, MACVLAN.modes[request.mode]);
        else
          data
            .attribute(IPVLAN.MODE, le16(IPVLAN.modes[request.mode]))
            .attribute(IPVLAN.FLAGS, le16(IPVLAN.flags[request.flag]));
      });
    });
  });
}

function le16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

export function writeBridgePort(messages: MessageWriter, link: string, flags: PortFlags): void {
  messages.message(RTM.NEWLINK, NLM_F.ACK, (message) => {
    writeReference(message, link);
    message.nested(IFLA.LINKINFO, (info) => {
      info.textAttribute(IFLA_INFO.SLAVE_KIND, "bridge");
      info.nested(IFLA_INFO.SLAVE_DATA, (data) => {
        if (flags.hairpin !== undefined) data.u8Attribute(IFLA_BRPORT.MODE, Number(flags.hairpin));
        if (flags.isolated !== undefined) data.u8Attribute(IFLA_BRPORT.ISOLATED, Number(flags.isolated));
        if (flags.station !== undefined) data.u8Attribute(IFLA_BRPORT.LEARNING, 0);
      });
    });
  });
}

export function writeLinkChange(messages: MessageWriter, step: LinkChange): void {
  messages.message(RTM.NEWLINK, NLM_F.ACK, (message) => {
    if (step.op === "mtu") writeReference(message, step.link).u32Attribute(IFLA.MTU, step.mtu);
    else writeReference(message, step.link, step.op === "up" ? IFF_UP : 0, IFF_UP);
  });
}

/** A rename must go by index: the message's name is the new one. */
export function writeRename(messages: MessageWriter, index: number, name: string): void {
  messages.message(RTM.NEWLINK, NLM_F.ACK, (message) => {
    writeHeader(message, index, 0, 0);
    message.textAttribute(IFLA.IFNAME, name);
  });
}

export function writeDeleteLink(messages: MessageWriter, link: LinkReference): void {
  messages.message(RTM.DELLINK, NLM_F.ACK, (message) => writeReference(message, link));
}

export function writeGetLink(messages: MessageWriter, name: string): void {
  messages.message(RTM.GETLINK, 0, (message) => writeReference(message, name));
}

export function writeListLinks(messages: MessageWriter): void {
  messages.message(RTM.GETLINK, NLM_F.DUMP, (message) => writeHeader(message, 0, 0, 0));
}

export function decodeLink({ payload }: NetlinkMessage): LinkInfo {
  const attributes = decodeAttributes(payload, 16);
  const info = attributes.get(IFLA.LINKINFO);
  const kind = info && decodeAttributes(info).get(IFLA_INFO.KIND);
  const address = attributes.get(IFLA.ADDRESS) ?? new Uint8Array();
  return {
    index: payload.readInt32LE(4),
    name: decodeText(attributes.get(IFLA.IFNAME) ?? Buffer.alloc(0)),
    mac: Array.from(address, (byte) => byte.toString(16).padStart(2, "0")).join(":"),
    mtu: attributes.get(IFLA.MTU)?.readUInt32LE(0) ?? 0,
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    kind: kind && decodeText(kind),
    masterIndex: attributes.get(IFLA.MASTER)?.readUInt32LE(0),
  };
}

/** `02:42:ac:11:00:02` to six bytes. */
export function macBytes(mac: string): Uint8Array {
  const bytes = Uint8Array.from(mac.split(":"), (part) => Number.parseInt(part, 16));
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new Error(`not a MAC address: ${mac}`);
  return bytes;
}

function writeReference(message: MessageWriter, link: LinkReference, flags = 0, change = 0): MessageWriter {
  if (typeof link === "number") return writeHeader(message, link, flags, change);
  return writeHeader(message, 0, flags, change).textAttribute(IFLA.IFNAME, link);
}

/** struct ifinfomsg: u8 family and padding, u16 type, s32 index, u32 flags, u32 which of them to change. */
function writeHeader(message: MessageWriter, index: number, flags: number, change: number): MessageWriter {
  return message.u32(0).u32(index).u32(flags).u32(change);
}

function writeIdentity(
  message: MessageWriter,
  { name, mac, mtu }: { readonly name: string; readonly mac?: string; readonly mtu?: number },
): void {
  message.textAttribute(IFLA.IFNAME, name);
  if (mac !== undefined) message.attribute(IFLA.ADDRESS, macBytes(mac));
  if (mtu !== undefined) message.u32Attribute(IFLA.MTU, mtu);
}
