import { decodeAttributes, decodeMessages, decodeText, type NetlinkMessage } from "../netlink/codec.ts";
import { NETLINK } from "../netlink/constants.ts";
import { listenToGroups } from "../netlink/group.ts";
import type { FirewallWatch } from "../types.ts";
import { NFNL_SUBSYS_NFTABLES, NFT_MSG } from "./constants.ts";

/** Multicast group of nfnetlink.h that tells of every change of nftables. */
const NFNLGRP_NFTABLES = 7;
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
  return listenToGroups({
    protocol: NETLINK.NETFILTER,
    groups: [NFNLGRP_NFTABLES],
    heard: (bytes) => tell(options, bytes),
    lost() {
      options.damaged();
      options.othersChanged();
    },
  });
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
