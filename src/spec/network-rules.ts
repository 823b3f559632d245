/** Which rules decide who reaches a published port. */
export type PublishedPortsPolicy =
  /** The engine's alone, before the host's input rules are asked. */
  | "docker"
  /** The host's input rules: connections from outside are copied by the engine behind them. */
  | "host-input";

/** The firewall in words: the answer of `GET /wharf/network/rules`, an extension of wharf's. */
export interface RuleList {
  readonly publishedPorts: PublishedPortsPolicy;
  readonly networks: readonly {
    readonly name: string;
    readonly bridge: string;
    readonly subnets: readonly string[];
    readonly outgoing: string;
    readonly incoming: string;
    readonly amongContainers: string;
  }[];
  readonly ports: readonly RulePort[];
}

export interface RulePort {
  /** "0.0.0.0:8080". */
  readonly host: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly container: string;
  readonly target: string;
  /** Who brings it there. */
  readonly by: "firewall" | "relay" | "firewall, relay" | "routing";
}
