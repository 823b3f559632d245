/** Numbers of nfnetlink and nf_tables, from include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h. */

/** Its place in the upper byte of a message's type. */
export const NFNL_SUBSYS_NFTABLES = 10;

export const NFNL_MSG_BATCH = { BEGIN: 0x10, END: 0x11 } as const;
export const BATCH_RESOURCE = NFNL_SUBSYS_NFTABLES;
export const NFT_MSG = {
  NEWTABLE: NFNL_SUBSYS_NFTABLES << 8,
  GETTABLE: (NFNL_SUBSYS_NFTABLES << 8) | 1,
  DELTABLE: (NFNL_SUBSYS_NFTABLES << 8) | 2,
  NEWCHAIN: (NFNL_SUBSYS_NFTABLES << 8) | 3,
  DELCHAIN: (NFNL_SUBSYS_NFTABLES << 8) | 5,
  NEWRULE: (NFNL_SUBSYS_NFTABLES << 8) | 6,
  DELRULE: (NFNL_SUBSYS_NFTABLES << 8) | 8,
  DELSET: (NFNL_SUBSYS_NFTABLES << 8) | 11,
  NEWSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 12,
  DELSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 14,
  NEWGEN: (NFNL_SUBSYS_NFTABLES << 8) | 15,
} as const;

export const NFPROTO = { UNSPEC: 0, INET: 1, IPV4: 2, BRIDGE: 7 } as const;
export const NFTA_TABLE_NAME = 1;
export const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
export const NFTA_LIST_ELEM = 1;
export const NFTA_SET_ELEM = { KEY: 1, DATA: 2 } as const;
export const NFTA_DATA_VALUE = 1;
export const NFTA_DATA_VERDICT = 2;
export const NFTA_VERDICT = { CODE: 1, CHAIN: 2 } as const;
export const NFT_GOTO = -4;

export const NFTA_CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, TYPE: 7 } as const;
export const NFTA_HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
export const NFTA_RULE = { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4 } as const;
export const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;
export const NFTA_PAYLOAD = { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 } as const;
export const NFTA_CMP = { SREG: 1, OP: 2, DATA: 3 } as const;
export const NFTA_META = { DREG: 1, KEY: 2 } as const;
export const NFTA_IMMEDIATE = { DREG: 1, DATA: 2 } as const;
export const NFTA_NAT = { TYPE: 1, FAMILY: 2, REG_ADDR_MIN: 3, REG_PROTO_MIN: 5 } as const;
export const NFT_PAYLOAD = { NETWORK_HEADER: 1, TRANSPORT_HEADER: 2 } as const;
export const NFT_REG = { 1: 1, 2: 2 } as const;
export const NFT_CMP_EQ = 0;
export const NFT_META_L4PROTO = 16;
export const NFT_NAT_DNAT = 1;

/** Hooks and their usual priorities: include/uapi/linux/{netfilter,netfilter_ipv4}.h. */
export const NF_INET_LOCAL_OUT = 3;
export const NF_PRIORITY_NAT_DST = -100;
