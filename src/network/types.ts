/**
 * Names, addresses, packets.
 *
 * A *network* is an object users make and name. A *sandbox* is one container's network namespace, pinned at a path. An
 * *endpoint* is a sandbox's place in one network: its interface and addresses. Published ports are elements of one
 * firewall table of ours, so that a thousand cost what one does.
 *
 * Records first, effects second: an endpoint, its address and its ports are in the state store before the kernel knows
 * them, so that the next daemon can finish or undo.
 */

import type { IpAddress } from "#kernel/types.ts";
import type { PortMap } from "#spec/docker/containers.ts";
import type { EndpointSettings, IpamPoolConfig, NetworkCreateRequest } from "#spec/docker/networks.ts";
import type { RuleList } from "#spec/network-rules.ts";
import type { SubnetUse } from "./ipam/ipam.ts";

export interface NetworkRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** "bridge", "host", "null", "macvlan", … */
  readonly driver: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly ipam: {
    readonly driver: string;
    /** As the user gave them: clients tell none from nothing said. */
    readonly options: Readonly<Record<string, string>> | null;
    /** At most one per family; subnet and gateway are always filled in, but in what only carries configuration. */
    readonly config: readonly IpamPoolConfig[];
  };
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** It only carries the configuration of others. */
  readonly configOnly?: boolean;
  /** Name of the network its configuration is from. */
  readonly configFrom?: string;
  /** The bridge, or the interface its containers stand on, was there before the network and stays when it goes. */
  readonly foreignBridge?: boolean;
}

/** A published port with its host side decided. */
export interface PublishedPort {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly containerPort: number;
  /** "0.0.0.0", "::" or one address. */
  readonly hostAddress: IpAddress;
  /** 0: none, the container's own port is open at its own address. */
  readonly hostPort: number;
}

export interface EndpointRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly containerId: string;
  readonly containerName: string;
  /** Inside the container: "eth0". */
  readonly interfaceName: string;
  /** On the host; never used twice. */
  readonly hostInterfaceName: string;
  readonly mac: string;
  readonly ipv4:
    | { readonly address: IpAddress; readonly prefixLength: number; readonly gateway: IpAddress | undefined }
    | undefined;
  readonly ipv6:
    | { readonly address: IpAddress; readonly prefixLength: number; readonly gateway: IpAddress | undefined }
    | undefined;
  /** The default route has no router but the link itself. */
  readonly routesByLink?: boolean;
  readonly aliases: readonly string[];
  readonly settings: EndpointSettings;
  /** It is being given to a running container, or taken away: an engine that finds this so does it from the start. */
  readonly change?: "joining" | "leaving";
  /** Absent in records of the first version: translated. */
  readonly publishing?: Readonly<Record<4 | 6, Publishing>>;
}

/**
 * What becomes of a published port in a network: a port of the host leads to it, or it is open at the container's own
 * address, or nothing.
 */
export type Publishing = "translated" | "exposed" | "none";

/** A container's network namespace with everything in it. Kept in the state store while the container runs. */
export interface SandboxRecord {
  readonly containerId: string;
  /** Without the leading slash. */
  readonly containerName: string;
  /** Path that pins the namespace; empty for a container in the host's own. */
  readonly netnsPath: string;
  readonly endpoints: readonly EndpointRecord[];
  readonly ports: readonly PublishedPort[];
  readonly hostname?: string;
  /** Resolvers the user asked for; none: the host's. */
  readonly dns?: readonly string[];
  readonly links?: readonly string[];
  /** Ports its programs are said to serve: "80/tcp". */
  readonly exposed?: readonly string[];
}

export interface SandboxRequest {
  readonly containerId: string;
  /** Without the leading slash. */
  readonly containerName: string;
  readonly hostname: string;
  /** Networks to join, by name or id, in the order asked; "default" is the default bridge. Empty: loopback only. */
  readonly endpoints: readonly { readonly network: string; readonly settings: EndpointSettings }[];
  readonly portBindings: PortMap;
  /** Ports to give a free host port to each (`-P`): "80/tcp". */
  readonly publishAll: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Resolvers to ask for names of the world; none: the daemon's or the host's. */
  readonly dns?: readonly string[];
  /** "web:db": in the first network "web" is "db" too, for this container alone. */
  readonly links?: readonly string[];
  /** Ports its programs are said to serve: "80/tcp". */
  readonly exposed?: readonly string[];
}

/** Other host ports for a running container. */
export interface PublishChange {
  readonly add: PortMap;
  /** Of the container's own. */
  readonly remove: readonly PublishedPort[];
}

export interface NetworkFilters {
  readonly [key: string]: readonly string[];
}

/** The predefined networks exist from `recover` on, which comes before everything else. */
export interface Networks {
  list(filters?: NetworkFilters): NetworkRecord[];
  /** Exact id, then name, then unique id prefix. @throws NotFound "network X not found" */
  get(nameOrId: string): NetworkRecord;
  find(nameOrId: string): NetworkRecord | undefined;
  create(request: NetworkCreateRequest): { readonly record: NetworkRecord; readonly warning: string };
  /** @throws PermissionDenied for a predefined network or one with endpoints */
  remove(nameOrId: string): void;
  prune(filters: NetworkFilters): string[];
  /** The name of what `remove` would remove now. @throws as `remove` */
  planRemove(nameOrId: string): string;
  /** The names of what `prune` would remove now. */
  planPrune(filters: NetworkFilters): string[];
  /** How full each subnet of a network is. */
  addressUse(network: NetworkRecord): readonly SubnetUse[];
  /** Endpoints of running containers in a network. */
  endpointsOf(networkId: string): EndpointRecord[];

  /**
   * Makes a container's namespace, joins its networks, publishes its ports. All or nothing.
   * @throws EngineError with Docker's text for taken ports and addresses
   */
  openSandbox(request: SandboxRequest): SandboxRecord;
  sandbox(containerId: string): SandboxRecord | undefined;
  /** Until names resolve in a container as its networks say now. @throws Internal when they cannot */
  settled(containerId: string): Promise<void>;
  /** Until links of networks and endpoints that were removed are not to be seen any more. */
  gone(): Promise<void>;
  /** Withdraws ports, frees addresses, drops the namespace. Gone already counts as done. */
  closeSandbox(containerId: string): void;
  /** Joins a running container to one more network. */
  connect(containerId: string, network: string, settings: EndpointSettings): EndpointRecord;
  disconnect(containerId: string, network: string, options: { readonly force: boolean }): void;
  /**
   * Publishes and withdraws ports of a running container, all of it or nothing; connections through a port that stays
   * go on. @throws EngineError with Docker's text for a port that is taken
   */
  publish(containerId: string, change: PublishChange): SandboxRecord;
  /** A running container's new name, as its networks show it. */
  rename(containerId: string, containerName: string): void;

  /** Text for the container's /etc/hosts and /etc/resolv.conf. */
  hostsFile(request: HostsFileRequest): string;
  resolvConf(request: ResolvConfRequest): string;

  /**
   * At daemon start: bridges, base table, ports of `running` containers come (back) into being; sandboxes of containers
   * not in the list are closed, and namespaces, veths and rules that no record owns are removed.
   */
  recover(running: ReadonlySet<string>): void;
  /** The firewall table as text, readable. */
  rules(): string;
  ruleList(): RuleList;
  /** What whoever publishes a port should know of this host's firewall; undefined: nothing out of the ordinary. */
  publishNotice(): string | undefined;
  /** What is wrong with networks at this moment. */
  warnings(): string[];
  close(): void;
}

export interface HostsFileRequest {
  readonly hostname: string;
  readonly domainname: string;
  /** Undefined: the container is in the host's own network, and the host's file comes first. */
  readonly sandbox: SandboxRecord | undefined;
  /** "name:address"; address "host-gateway" stands for the host. */
  readonly extraHosts: readonly string[];
  readonly linked: readonly LinkedHost[];
}

/** Another container and the names this one has for it. */
export interface LinkedHost {
  readonly address: IpAddress;
  readonly names: readonly string[];
}

export interface ResolvConfRequest {
  readonly sandbox: SandboxRecord | undefined;
  readonly networkMode: string;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
}
