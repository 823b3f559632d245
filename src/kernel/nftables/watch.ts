import type { Socket } from "bun";
import { AF, SO, SOCK, SOL_SOCKET } from "../ffi/constants.ts";
import { int } from "../ffi/structs.ts";
import { memory, syscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";
import { decodeAttributes, decodeMessages, decodeText, type NetlinkMessage } from "../netlink/codec.ts";
import { NETLINK } from "../netlink/constants.ts";
import type { FirewallWatch } from "../types.ts";
import { NFNL_SUBSYS_NFTABLES, NFT_MSG } from "./constants.ts";

/** Multicast group of nfnetlink.h that tells of every change of nftables. */
const NFNLGRP_NFTABLES = 7;
/** Enough to hear of a ruleset of thousands of elements while the engine is busy. */
const RECEIVE_BYTES = 4 << 20;
/** struct nfgenmsg. */
const GENERIC_HEADER_BYTES = 4;
/** Every object's first attribute is its table's name. */
const NFTA_TABLE = 1;

export interface WatchOptions extends FirewallWatch {
  readonly table: string;
  /** Whether a change was this engine's own, by the port of the socket that asked for it. */
  readonly isOwn: (sender: number) => boolean;
}

/** Listens in the namespace the thread is in. Where it cannot be heard what happened, both are told. */
export function watchFirewall(options: WatchOptions): Disposable {
  const fd = openSocket();
  let isClosed = false;
  const handlers = {
    data: (_socket: Socket, bytes: Buffer) => tell(options, bytes),
    close: () => {
      if (isClosed) return;
      options.damaged(); // too much at once: some of it was lost
      options.othersChanged();
      reopened = watchFirewall(options);
    },
    error() {},
  };
  let reopened: Disposable | undefined;
  // Bun takes an open descriptor here; its type for that is not among connect's.
  const where = { fd } as unknown as { unix: string };
  const connected = Bun.connect({ ...where, socket: handlers });
  connected.catch(() => close(fd));
  return {
    [Symbol.dispose]() {
      isClosed = true;
      reopened?.[Symbol.dispose]();
      void connected.then((socket) => socket.terminate()).catch(() => {});
    },
  };
}

function openSocket(): number {
  const type = SOCK.RAW | SOCK.CLOEXEC | SOCK.NONBLOCK;
  const fd = syscall("socket", "AF_NETLINK", AF.NETLINK, type, NETLINK.NETFILTER);
  try {
    syscall("setsockopt", "SO_RCVBUFFORCE", fd, SOL_SOCKET, SO.RCVBUFFORCE, int(RECEIVE_BYTES), 4);
    const address = Buffer.alloc(12); // struct sockaddr_nl: u16 family, padding, u32 port, u32 groups
    address.writeUInt16LE(AF.NETLINK, 0);
    address.writeUInt32LE(1 << (NFNLGRP_NFTABLES - 1), 8);
    syscall("bind", "netlink group", fd, memory().pin(address), address.length);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

const REMOVALS: ReadonlySet<number> = new Set([
  NFT_MSG.DELTABLE,
  NFT_MSG.DELCHAIN,
  NFT_MSG.DELRULE,
  NFT_MSG.DELSET,
  NFT_MSG.DELSETELEM,
]);

function tell({ table, isOwn, damaged, othersChanged }: WatchOptions, bytes: Buffer): void {
  const foreign = decodeMessages(bytes).filter(
    ({ type, sender }) => type >> 8 === NFNL_SUBSYS_NFTABLES && !isOwn(sender),
  );
  const isOurs = (message: NetlinkMessage) => tableOf(message) === table;
  if (foreign.some((message) => isOurs(message) && REMOVALS.has(message.type))) damaged();
  if (foreign.some((message) => tableOf(message) !== undefined && !isOurs(message))) othersChanged();
}

/** Undefined for what has none, as the number of a generation. */
function tableOf({ type, payload }: NetlinkMessage): string | undefined {
  if (type === NFT_MSG.NEWGEN) return undefined;
  const name = decodeAttributes(payload, GENERIC_HEADER_BYTES).get(NFTA_TABLE);
  return name && decodeText(name);
}
