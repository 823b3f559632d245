/**
 * What upper folders may ask of Linux. Every call is synchronous: one to a few system calls, microseconds each,
 * and the thread may be inside another namespace only within one such call.
 *
 * A failed call throws `SysError` (see ffi/errno.ts): `code` ("ENOENT"), `errno`, `syscall`, and a message that names
 * the call, its object and the kernel's own words where it gives any.
 */
export interface Kernel {
  readonly features: KernelFeatures;
  readonly mounts: Mounts;
  readonly netns: NetworkNamespaces;
  readonly userns: UserNamespaces;
  /** rtnetlink in the engine's own network namespace. */
  readonly host: Netlink;
  readonly firewall: Firewall;
  readonly cgroups: Cgroups;
  readonly processes: Processes;
  readonly files: Files;
  readonly ports: HostPorts;
  readonly sockets: Sockets;
  readonly sysctl: Sysctls;
}

/** What this host can do, probed once. */
export interface KernelFeatures {
  /** "v2" unified, "v1" legacy, "hybrid": v1 controllers plus a cgroup2 mount without them. */
  readonly cgroup: "v1" | "v2" | "hybrid";
  /** Where the cgroup2 tree of a hybrid host is mounted; crun refuses to start while it sees it. */
  readonly hybridUnifiedMount: string | undefined;
  /** Controllers usable for limits, by their v1 or v2 names. */
  readonly controllers: ReadonlySet<string>;
  /** Whether moving a process between groups skips the 10 ms grace period; lasts until reboot once set. */
  readonly favorDynMods: boolean;
  /** fsconfig accepts "lowerdir+" (Linux 6.7 on). */
  readonly overlayLowerdirPlus: boolean;
  readonly ipv6: boolean;
  readonly apparmor: boolean;
  readonly seccomp: boolean;
  readonly swapLimit: boolean;
  readonly kernelRelease: string;
}

// ── mounts ──────────────────────────────────────────────────────────────────

export type MountFlag =
  | "ro"
  | "nosuid"
  | "nodev"
  | "noexec"
  | "noatime"
  | "relatime"
  | "nodiratime"
  | "strictatime"
  | "sync"
  | "dirsync"
  | "mand"
  | "bind"
  | "rbind"
  | "remount";

export type Propagation = "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" | "unbindable";

export interface OverlayMount {
  readonly target: string;
  /** Nearest layer first; 1 to 127. */
  readonly lower: readonly string[];
  /** Absent for a read-only view. */
  readonly upper?: string;
  readonly work?: string;
  /** Further options such as "metacopy=on", "volatile", "userxattr". */
  readonly options?: readonly string[];
  /** As whom the kernel makes files of its own in `upper`: needed where the directories' ids are shifted. */
  readonly mounter?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
  readonly fsType: string;
  readonly source: string;
  readonly superOptions: readonly string[];
  /** "shared:1", "master:2", … */
  readonly optional: readonly string[];
}

export interface Mounts {
  mount(
    source: string,
    target: string,
    fsType: string,
    options?: { readonly flags?: readonly MountFlag[]; readonly data?: string },
  ): void;
  bind(
    source: string,
    target: string,
    options?: {
      readonly recursive?: boolean;
      readonly readOnly?: boolean;
      /** Of "nosuid", "nodev" and "noexec", besides what the source's mount has; others mean nothing here. */
      readonly flags?: readonly MountFlag[];
      /** Path of a pinned user namespace: ids appear as it maps them. Not every file system can. */
      readonly idsOf?: string;
    },
  ): void;
  /**
   * Shows what is at a path below a directory, found with openat2(RESOLVE_BENEATH): a link out of the directory is
   * EXDEV, and nothing that is moved or linked anew meanwhile is followed out of it. `target` is made: a directory, or
   * an empty file.
   */
  bindBelow(root: string, path: string, target: string, options?: { readonly recursive?: boolean }): void;
  overlay(request: OverlayMount): void;
  setPropagation(target: string, propagation: Propagation): void;
  /** What the mount that a path is on does not let happen: of "ro", "nosuid", "nodev", "noexec" those it has. */
  restrictions(path: string): MountFlag[];
  /** Lazy by default: the name goes away at once. "Not mounted" and "not there" count as done. */
  unmount(target: string, options?: { readonly lazy?: boolean }): void;
  /** Every mount this process sees. */
  list(): MountEntry[];
  isMountPoint(target: string): boolean;
}

// ── network ─────────────────────────────────────────────────────────────────

export interface NetworkNamespaces {
  /** Makes a namespace and pins it at `path` (created, parents too). The caller disposes the handle; the pin stays. */
  create(path: string): NetworkNamespace;
  /** Opens a pinned namespace, or /proc/PID/ns/net. @throws SysError ENOENT when it is gone */
  open(path: string): NetworkNamespace;
  /** Unpins; the kernel frees the namespace, and every veth in it, when its last process has gone. Gone already counts as done. */
  remove(path: string): void;
  /** Whether `path` is a live pin (a mount of nsfs) and not just a left-over file. */
  isPinned(path: string): boolean;
}

/** Ids of a user namespace and of the host, in step. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

export interface UserNamespaceRequest {
  /** Where the namespace is pinned. */
  readonly path: string;
  /** It is there already and gets one more network namespace. */
  readonly isThere?: true;
  /** Where a network namespace that it owns is pinned; the next `netns.create()` of this path takes that one. */
  readonly networkPath?: string;
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

export interface UserNamespaces {
  /** @throws Internal with the reason when the host does not let it */
  create(request: UserNamespaceRequest): Promise<void>;
  /** Unpins; it ends with its last process. Gone already counts as done. */
  remove(path: string): void;
}

export interface NetworkNamespace extends Disposable {
  readonly path: string;
  readonly fd: number;
  /** rtnetlink inside the namespace. */
  readonly netlink: Netlink;
  /** Runs synchronous code inside the namespace: sockets made there stay there. Must not await. */
  run<T>(work: () => T): T;
}

/** `10.1.2.3` or `fd00::3`, without prefix length. */
export type IpAddress = string;

export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  /** Lower-case hex with colons. */
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** "bridge", "veth", …; undefined for plain devices. */
  readonly kind: string | undefined;
  readonly masterIndex: number | undefined;
}

export interface AddressInfo {
  readonly linkIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface RouteInfo {
  /** CIDR; "0.0.0.0/0" or "::/0" for the default route. */
  readonly destination: string;
  readonly gateway: IpAddress | undefined;
  readonly linkIndex: number | undefined;
  readonly table: number;
}

export type LinkStep =
  | { readonly op: "up"; readonly link: string | number }
  | { readonly op: "down"; readonly link: string | number }
  | { readonly op: "rename"; readonly link: string | number; readonly name: string }
  | { readonly op: "mtu"; readonly link: string | number; readonly mtu: number }
  | {
      readonly op: "address";
      readonly link: string | number;
      readonly address: IpAddress;
      readonly prefixLength: number;
    }
  | {
      readonly op: "route";
      readonly link?: string | number;
      readonly destination: string;
      readonly gateway?: IpAddress;
      readonly metric?: number;
      readonly scope?: "link" | "host" | "global";
      readonly type?: "unicast" | "local";
      readonly table?: number;
      /** Takes the place of a route to the same destination with the same metric; otherwise one that is there is EEXIST. */
      readonly replace?: boolean;
    }
  | {
      readonly op: "neighbor";
      readonly link: string | number;
      readonly address: IpAddress;
      readonly mac: string;
    };

export type MacvlanMode = "private" | "vepa" | "bridge" | "passthru";
export type IpvlanMode = "l2" | "l3" | "l3s";
export type IpvlanFlag = "bridge" | "private" | "vepa";

export type SubInterface = {
  readonly name: string;
  readonly parentIndex: number;
  readonly netnsFd: number;
  /** Bytes; absent: the parent's. */
  readonly mtu?: number;
} & (
  | { readonly kind: "macvlan"; readonly mode: MacvlanMode; readonly mac?: string }
  /** Its hardware address is its parent's. */
  | { readonly kind: "ipvlan"; readonly mode: IpvlanMode; readonly flag: IpvlanFlag }
);

export interface Netlink extends Disposable {
  links(): LinkInfo[];
  findLink(name: string): LinkInfo | undefined;
  /** Without the rest, for a fraction of the time. */
  linkIndex(name: string): number | undefined;
  addresses(): AddressInfo[];
  /** Routes of both families, of the main table or of all but the local one: policies send packets by others. */
  routes(tables?: "main" | "all"): RouteInfo[];
  /** The bridge is born down: `apply` an "up" when its addresses and sysctls are in place. */
  createBridge(request: {
    readonly name: string;
    readonly mac?: string;
    readonly mtu?: number;
    /** Off: frames between ports stay off the host's firewall. Left to the kernel when absent. */
    readonly multicastSnooping?: boolean;
  }): LinkInfo;
  /** One message: the host end joins its bridge and comes up, the peer is born inside `peerNetnsFd`, down. */
  createVeth(request: {
    readonly name: string;
    readonly masterIndex?: number;
    readonly peerName: string;
    readonly peerNetnsFd: number;
    readonly peerMac?: string;
    readonly mtu?: number;
  }): void;
  /** A link that a macvlan or ipvlan can stand on where no card is meant: its packets go nowhere. Born down. */
  createDummy(name: string): void;
  /** The part of a link with one VLAN tag. Born down. */
  createVlan(request: { readonly name: string; readonly parentIndex: number; readonly id: number }): void;
  /** A link with an address of its own on top of one of the host's, born inside `netnsFd`, down. */
  createSubInterface(request: SubInterface): void;
  /** Bridge-port switches of a host-side veth. */
  setBridgePort(
    link: string,
    flags: {
      readonly hairpin?: boolean;
      readonly isolated?: boolean;
      /**
       * The hardware address behind the port. The bridge learns none from its frames then: an address that somebody else
       * has cannot be drawn to it, and frames for one that nobody is known to have go to all ports.
       */
      readonly station?: string;
    },
  ): void;
  /**
   * All steps in one send; the first failure is thrown as LinkStepError (netlink/steps.ts) with the step's index, the
   * steps after it are still tried, and nothing is undone.
   */
  apply(steps: readonly LinkStep[]): void;
  removeAddress(link: string | number, address: IpAddress, prefixLength: number): void;
  /** Blocks some 15 ms for a veth: drop its namespace instead where possible. "No such device" counts as done. */
  deleteLink(name: string): void;
  /**
   * Deletes a link of the namespace the thread is in without blocking it: the link is not to be seen after a millisecond or
   * two, and a bridge takes some 40 more until nobody can be using it. By index, as the name may be another's by then.
   */
  deleteLinkAside(index: number): Promise<void>;
  /** Tells, until disposed, that routes of the namespace the thread is in now have changed: ours too, and one by one. */
  watchRoutes(changed: () => void): Disposable;
}

/** One field of a concatenated nftables key or value; the codec pads each to four bytes. */
export type FirewallField =
  | { readonly kind: "ipv4"; readonly value: IpAddress }
  | { readonly kind: "ipv6"; readonly value: IpAddress }
  | { readonly kind: "port"; readonly value: number }
  | { readonly kind: "protocol"; readonly value: "tcp" | "udp" | "sctp" }
  | { readonly kind: "ifname"; readonly value: string }
  | { readonly kind: "mark"; readonly value: number }
  /** Hex digits, for what nft compares as a number. */
  | { readonly kind: "bytes"; readonly value: string }
  /** The value of a map of verdicts: the chain that judges. */
  | { readonly kind: "goto"; readonly value: string };

export interface FirewallElement {
  /** Of the table of this family with the same name; absent: inet. */
  readonly family?: "bridge";
  readonly set: string;
  readonly key: readonly FirewallField[];
  /** Present for maps. */
  readonly value?: readonly FirewallField[];
}

export interface Firewall {
  /**
   * Runs one nft script atomically (a process: for start-up and network changes, not for containers), in the
   * namespace the thread is in; all else here works on the engine's own.
   */
  load(script: string): void;
  /**
   * One netlink transaction, removals first: all or nothing.
   * @throws FirewallElementError (nftables/batch.ts) naming the element: EEXIST when it is there, ENOENT when it is not
   */
  change(
    table: string,
    request: { readonly add?: readonly FirewallElement[]; readonly remove?: readonly FirewallElement[] },
  ): void;
  /** `nft list table inet NAME`, or undefined where the table does not exist. */
  list(table: string): string | undefined;
  deleteTable(table: string): void;
  /**
   * Makes the kernel forget UDP streams towards these ports of the host: it would send them where it sent their first
   * packet for as long as they go on. Streams of TCP end by themselves.
   */
  forgetUdpStreams(ports: ReadonlySet<number>): void;
  /** Tells, until disposed, what other programs do to nftables. */
  watch(table: string, watch: FirewallWatch): Disposable;
  /** As `load`, in the namespace the thread is in: what programs there send to one local address and port goes to others. */
  redirectLoopback(request: LoopbackRedirect): void;
}

export interface FirewallWatch {
  /** Somebody took something out of the tables of this name. */
  damaged(): void;
  /** Somebody changed another table. */
  othersChanged(): void;
}

/** Programs keep the port free for themselves: only packets to this very address are sent on. */
export interface LoopbackRedirect {
  /** Of family ip; replaced when it is there. */
  readonly table: string;
  /** IPv4. */
  readonly address: IpAddress;
  readonly port: number;
  /** Ports of the same address, by protocol. */
  readonly to: { readonly tcp: number; readonly udp: number };
}

export interface HostPorts {
  /**
   * Binds a socket so that nobody else gets the port; it never listens, the firewall forwards before it is reached.
   * @throws SysError EADDRINUSE when a program of the host has it, EADDRNOTAVAIL when the address is not the host's
   */
  reserve(request: {
    readonly address: IpAddress;
    readonly port: number;
    readonly protocol: "tcp" | "udp" | "sctp";
  }): Disposable & { readonly port: number };
  /** `net.ipv4.ip_local_port_range`. */
  ephemeralRange(): { readonly first: number; readonly last: number };
}

/** Outgoing connections; a socket belongs to the namespace the thread is in when it is made. */
export interface Sockets {
  /**
   * Begins a TCP connection and does not wait for it. The caller closes the descriptor.
   * @returns a non-blocking descriptor @throws SysError ECONNREFUSED and the like when the answer is there already
   */
  connectTcp(address: IpAddress, port: number): number;
  /** @returns whether the connection stands by now @throws SysError when it was refused */
  isConnected(fd: number): boolean;
  /**
   * A UDP socket at an IPv4 address, on a port the kernel chooses. The descriptor is the caller's: to wait for messages with
   * an event loop, and to close.
   */
  bindDatagrams(address: IpAddress): { readonly fd: number; readonly port: number };
  /** Room for messages of any of these sockets, which one thread shares. */
  createDatagramBatch(): DatagramBatch;
}

/** Where a datagram came from, in numbers. */
export interface DatagramPeer {
  /** IPv4, its first byte the highest. */
  readonly address: number;
  readonly port: number;
}

/** Messages of UDP, many for each system call. Nothing here waits or throws: datagrams may get lost. */
export interface DatagramBatch {
  /** Reads what is there. @returns how many messages; those of the last time are gone */
  receive(fd: number): number;
  /** Undefined: longer than 4 KiB. */
  message(index: number): Uint8Array | undefined;
  peer(index: number): DatagramPeer;
  /** Copies a message to those that the next `flush`, of the same descriptor, sends. */
  send(fd: number, peer: DatagramPeer, bytes: Uint8Array): void;
  flush(fd: number): void;
}

export interface Sysctls {
  /** `key` with slashes ("net/ipv4/ip_forward"); undefined where this kernel has no such file. */
  get(key: string): string | undefined;
  /** Writes only when different. @returns whether the value now stands */
  set(key: string, value: string): boolean;
}

// ── control groups ──────────────────────────────────────────────────────────

/**
 * Bytes, microseconds and counts; an absent field, or 0, is left as it is. -1 means unlimited where Docker allows it;
 * for `pids` 0 does too.
 */
export interface CgroupLimits {
  readonly memoryBytes?: number;
  /** Memory plus swap. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly cpuShares?: number;
  readonly cpuQuotaMicros?: number;
  readonly cpuPeriodMicros?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pids?: number;
  readonly blkioWeight?: number;
  /** 0 to 100; v1 only, and 0 is a value. */
  readonly memorySwappiness?: number;
  /** v1 only: a group without memory stands still instead of losing a process. */
  readonly oomKillDisable?: boolean;
  /** v1 only. */
  readonly cpuRealtimeRuntimeMicros?: number;
  readonly cpuRealtimePeriodMicros?: number;
  /** Rates per second of single block devices; 0 takes a limit away. */
  readonly blkioReadBps?: readonly DeviceRate[];
  readonly blkioWriteBps?: readonly DeviceRate[];
  readonly blkioReadIops?: readonly DeviceRate[];
  readonly blkioWriteIops?: readonly DeviceRate[];
  /** `rate` is the weight, 10 to 1000; 0 takes it away. */
  readonly blkioWeightDevices?: readonly DeviceRate[];
  /** Bytes of huge pages by their size ("2MB"); -1 for no limit, and 0 is a value. */
  readonly hugePageBytes?: Readonly<Record<string, number>>;
}

export interface DeviceRate {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

/** What a kernel may be able to limit for a group. */
export type LimitKind = NamedLimitKind | HugePageLimitKind;

/** "hugetlb.2MB": huge pages of one size, as the kernel names its files. */
export type HugePageLimitKind = `hugetlb.${string}`;

export type NamedLimitKind =
  | "memory"
  | "swap"
  | "reservation"
  | "swappiness"
  | "oomKillDisable"
  | "cpuShares"
  | "cpuQuota"
  | "cpuRealtime"
  | "cpuset"
  | "pids"
  | "blkioWeight"
  | "blkioWeightDevice"
  | "blkioReadBps"
  | "blkioWriteBps"
  | "blkioReadIops"
  | "blkioWriteIops";

/** Limits as a group's files hold them: absent where the kernel has none or the group is unlimited. */
export interface HeldLimits {
  readonly memoryBytes?: number;
  /** Memory plus swap. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  /** v1 only. */
  readonly cpuShares?: number;
  readonly cpuQuotaMicros?: number;
  readonly cpuPeriodMicros?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pids?: number;
  /** v1 only. */
  readonly memorySwappiness?: number;
  /** v1 only. */
  readonly oomKillDisable?: boolean;
  /** v1 only. */
  readonly cpuRealtimePeriodMicros?: number;
  readonly cpuRealtimeRuntimeMicros?: number;
  /** Where the kernel counts 10 to 1000 as Docker does. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevices?: readonly DeviceRate[];
  readonly blkioReadBps?: readonly DeviceRate[];
  readonly blkioWriteBps?: readonly DeviceRate[];
  readonly blkioReadIops?: readonly DeviceRate[];
  readonly blkioWriteIops?: readonly DeviceRate[];
  /** By size, in bytes; only limited ones. */
  readonly hugePageBytes?: Readonly<Record<string, number>>;
}

export interface CgroupStats {
  readonly cpu: {
    readonly totalNanos: number;
    readonly userNanos: number;
    readonly systemNanos: number;
    /** v1 only. */
    readonly perCpuNanos: readonly number[] | undefined;
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledNanos: number;
  };
  readonly memory: {
    readonly usageBytes: number;
    /** v1 only. */
    readonly maxUsageBytes: number | undefined;
    /** Infinity when unlimited. */
    readonly limitBytes: number;
    readonly failcnt: number | undefined;
    /** Text of memory.stat, "name number" on each line: its numbers can be larger than ours are exact. */
    readonly stat: string;
  };
  readonly pids: { readonly current: number; readonly limit: number | undefined };
  readonly blkio: readonly {
    readonly major: number;
    readonly minor: number;
    readonly op: string;
    readonly value: number;
  }[];
}

/** Group paths are relative to the hierarchies' roots: "/wharf/ID". */
export interface Cgroups {
  /**
   * Makes a parent group in every hierarchy with its controllers enabled and cpuset filled, and asks for favordynmods
   * where the kernel has it. Call once at engine start: a v1 parent's first use races otherwise.
   */
  prepareParent(path: string): void;
  /** Removes a group and its children in every hierarchy, retrying short EBUSY. Gone already counts as done. */
  remove(path: string): void;
  exists(path: string): boolean;
  children(path: string): string[];
  setLimits(path: string, limits: CgroupLimits): void;
  /** What the kernel holds now. @throws SysError ENOENT when the group is gone */
  heldLimits(path: string): HeldLimits;
  /** What the group's files hold, as systemd's properties of the unit whose group it is: "TasksMax=100". */
  unitProperties(path: string): string[];
  /** What the kernel can limit for children of `path`, a prepared parent. */
  supportedLimits(path: string): ReadonlySet<LimitKind>;
  stats(path: string): CgroupStats;
  /** The part of `stats` that shares of processor time are computed from. */
  cpuStats(path: string): CgroupStats["cpu"];
  /** The file whose line "oom_kill N" counts the group's processes killed for want of memory. */
  oomCounters(path: string): string | undefined;
  freeze(path: string): void;
  thaw(path: string): void;
  isFrozen(path: string): boolean;
  /** Processes of the group, children included. */
  pids(path: string): number[];
}

// ── processes, files ────────────────────────────────────────────────────────

export interface Processes {
  /**
   * Sends a signal.
   * @param options.startTime only to the process that started then, not to a later one with its number
   * @returns false when the process is gone
   */
  signal(pid: number, signal: number, options?: { readonly startTime?: number }): boolean;
  /** A process that ended but was not waited for counts as gone. */
  isAlive(pid: number): boolean;
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat): with the pid it names a process for good. */
  startTime(pid: number): number | undefined;
  /** Gives back the pages of our own program that nothing needs any more; they come back when they are used. */
  releaseProgramPages(): void;
  /**
   * Tells the kernel that somebody waits for what this thread does, and that it is done soon; what it starts has the usual
   * priority. @returns false where that is not allowed or somebody has decided already: then nothing has changed
   */
  becomePromptThread(): boolean;
  /** Text of /proc/PID/cmdline, arguments separated by spaces. */
  commandLine(pid: number): string | undefined;
  /** Text of /proc/PID/net/dev: the counters of the interfaces in its network namespace. */
  networkCounters(pid: number): string | undefined;
}

export interface Files {
  /**
   * Opens below `rootFd` with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS): "..", absolute links and /proc links
   * cannot leave the root.
   * @param flags of open(2), numeric; O_CLOEXEC is added
   */
  openInRoot(rootFd: number, path: string, flags: number, mode?: number): number;
  /** O_PATH | O_DIRECTORY | O_CLOEXEC. */
  openDirectory(path: string): number;
  close(fd: number): void;
  /** Extended attribute of the path itself, never of a link's target; undefined where it has none of this name. */
  getXattr(path: string, name: string): Uint8Array | undefined;
  setXattr(path: string, name: string, value: Uint8Array): void;
  listXattrs(path: string): string[];
  /** Connected pair of AF_UNIX stream sockets, close-on-exec, blocking mode left off. */
  socketPair(): [number, number];
  /** Whether the peer of a connected socket has gone altogether; one that merely ended its half has not. */
  isHungUp(fd: number): boolean;
  /** Bytes sent over an AF_UNIX socket that its other end has not read yet; 0 for other sockets. */
  unreadBytes(fd: number): number;
  /** Sends bytes over a connected AF_UNIX socket and with them a hold on `fd`; ours stays. All of it or an error. */
  passDescriptor(socket: number, bytes: Uint8Array, fd: number): void;
  /** A sealed in-memory copy of a program, opened read-only: execve of its /proc/self/fd path cannot be tampered with. */
  sealedCopy(path: string, name: string): number;
  statfs(path: string): {
    readonly type: number;
    readonly blockSize: number;
    readonly blocks: number;
    readonly free: number;
    readonly available: number;
    /** Bits of ST_*: what the mount does not let happen. */
    readonly flags: number;
  };
}
