import { AF } from "../ffi/constants.ts";
import { ipBytes } from "../ip-bytes.ts";
import type { IpAddress } from "../types.ts";
import type { MessageWriter } from "./codec.ts";
import { NDA, NLM_F, NTF_MASTER, NUD_NOARP, NUD_PERMANENT, PF_BRIDGE, RTM } from "./constants.ts";
import { macBytes } from "./link.ts";

/** On a bridge: the port behind which a hardware address is, whatever frames say. */
export function writeStation(messages: MessageWriter, portIndex: number, mac: string): void {
  messages.message(RTM.NEWNEIGH, NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE, (message) => {
    message.u32(PF_BRIDGE).u32(portIndex);
    message.u16(NUD_NOARP).u8(NTF_MASTER).u8(0);
    message.attribute(NDA.LLADDR, macBytes(mac));
  });
}

/** A permanent ARP or NDP entry; replaces one that is there. */
export function writeNeighbor(messages: MessageWriter, index: number, address: IpAddress, mac: string): void {
  const bytes = ipBytes(address);
  messages.message(RTM.NEWNEIGH, NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE, (message) => {
    // struct ndmsg: u8 family, padding to four, s32 link index, u16 state, u8 flags, u8 type
    message.u32(bytes.length === 4 ? AF.INET : AF.INET6).u32(index);
    message.u16(NUD_PERMANENT).u16(0);
    message.attribute(NDA.DST, bytes).attribute(NDA.LLADDR, macBytes(mac));
  });
}
