/** Numbers of netlink and rtnetlink, from include/uapi/linux/{netlink,rtnetlink,if_link,if_addr,neighbour}.h. */

export const NETLINK = { ROUTE: 0, NETFILTER: 12 } as const;
export const SOL_NETLINK = 270;
export const NETLINK_CAP_ACK = 10;
export const NETLINK_EXT_ACK = 11;
/** From linux/sockios.h: any socket answers for its namespace. */
export const SIOCGIFINDEX = 0x8933;

/** nlmsg_flags; the request kinds share bits. */
export const NLM_F = {
  APPEND: 0x800,
  REQUEST: 0x01,
  ACK: 0x04,
  DUMP_INTR: 0x10,
  REPLACE: 0x100,
  EXCL: 0x200,
  DUMP: 0x300,
  CREATE: 0x400,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const;

export const NLMSG = { ERROR: 2, DONE: 3 } as const;
export const NLMSGERR_ATTR = { MSG: 1, OFFS: 2 } as const;
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;

export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  GETROUTE: 26,
  NEWNEIGH: 28,
} as const;

export const IFF_UP = 1;
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  LINKINFO: 18,
  NET_NS_FD: 28,
} as const;
export const IFLA_INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;
export const IFLA_BR_MCAST_SNOOPING = 23;
export const IFLA_BRPORT = { MODE: 4, LEARNING: 8, ISOLATED: 33 } as const;
export const VETH_INFO_PEER = 1;
export const IFLA_VLAN_ID = 1;
/** include/uapi/linux/if_link.h. */
export const MACVLAN = {
  MODE: 1,
  modes: { private: 1, vepa: 2, bridge: 4, passthru: 8 },
} as const;
export const IPVLAN = {
  MODE: 1,
  FLAGS: 2,
  modes: { l2: 0, l3: 1, l3s: 2 },
  flags: { bridge: 0, private: 1, vepa: 2 },
} as const;
/** The loopback device is the first of every network namespace. */
export const LOOPBACK_INDEX = 1;

export const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4 } as const;
export const IFA_F_NODAD = 0x02;

export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, TABLE: 15, MULTIPATH: 9 } as const;
/** Multicast groups of rtnetlink.h. */
export const RTNLGRP = { IPV4_ROUTE: 7, IPV6_ROUTE: 11 } as const;
export const RT_TABLE = { MAIN: 254, LOCAL: 255 } as const;
export const RTPROT_STATIC = 4;
export const RT_SCOPE = { global: 0, link: 253, host: 254 } as const;
export const RTN = { unicast: 1, local: 2 } as const;

export const NDA = { DST: 1, LLADDR: 2 } as const;
export const NUD_PERMANENT = 0x80;
/** In a bridge's table: static, which is neither learnt nor forgotten. */
export const NUD_NOARP = 0x40;
export const NTF_MASTER = 0x04;
export const PF_BRIDGE = 7;
