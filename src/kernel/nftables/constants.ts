/** Numbers of nfnetlink and nf_tables, from include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h. */

/** Its place in the upper byte of a message's type. */
const NFNL_SUBSYS_NFTABLES = 10;

export const NFNL_MSG_BATCH = { BEGIN: 0x10, END: 0x11 } as const;
export const BATCH_RESOURCE = NFNL_SUBSYS_NFTABLES;
export const NFT_MSG = {
  DELTABLE: (NFNL_SUBSYS_NFTABLES << 8) | 2,
  NEWSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 12,
  DELSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 14,
} as const;

export const NFPROTO = { UNSPEC: 0, INET: 1 } as const;
export const NFTA_TABLE_NAME = 1;
export const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
export const NFTA_LIST_ELEM = 1;
export const NFTA_SET_ELEM = { KEY: 1, DATA: 2 } as const;
export const NFTA_DATA_VALUE = 1;
