import type {
  FirewallElement,
  IpAddress,
  IpvlanFlag,
  IpvlanMode,
  LinkStep,
  MacvlanMode,
} from "#kernel/types.ts";

/** What a plan asks of the kernel, in order; `apply.ts` does it and knows how to undo each. */
export type NetStep =
  | BridgeStep
  | { readonly op: "namespace"; readonly path: string }
  | SysctlStep
  | VethStep
  | ParentStep
  | SubInterfaceStep
  | {
      readonly op: "bridge-port";
      readonly link: string;
      /** A frame may leave by the port it came in on: a container that reaches itself by a published port. */
      readonly hairpin: boolean;
      /** Isolated ports do not see each other, only the host. */
      readonly isolated: boolean;
      /** The hardware address of the container: nobody else on the bridge can draw its frames away. */
      readonly station: string;
    }
  | {
      readonly op: "links";
      readonly netns: string;
      readonly steps: readonly LinkStep[];
    }
  | RulesStep;

/** A link of the host that sub-interfaces stand on; one that is there already stays, and is not ours. */
export type ParentStep = {
  readonly op: "parent";
  readonly name: string;
  /** It was there before us: undoing leaves it. */
  readonly foreign: boolean;
} & ({ readonly kind: "dummy" } | { readonly kind: "vlan"; readonly on: string; readonly id: number });

/** A macvlan or ipvlan of a container. */
export interface SubInterfaceStep {
  readonly op: "sub-interface";
  readonly parent: string;
  readonly netns: string;
  readonly name: string;
  readonly mtu: number | undefined;
  readonly type:
    | { readonly kind: "macvlan"; readonly mode: MacvlanMode; readonly mac: string }
    | { readonly kind: "ipvlan"; readonly mode: IpvlanMode; readonly flag: IpvlanFlag };
  readonly endsWith: VethStep["endsWith"];
}

/** One transaction of the firewall; undoing it is the same with both lists exchanged. */
export interface RulesStep {
  readonly op: "rules";
  readonly add: readonly FirewallElement[];
  readonly remove: readonly FirewallElement[];
}

/** The bridge exists, is up and has these addresses; what is there already stays. */
export interface BridgeStep {
  readonly op: "bridge";
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addresses: readonly BridgeAddress[];
  /** Set on a bridge we make, before it is up; one that was there is its owner's business. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** It was there before us: undoing leaves it. */
  readonly foreign: boolean;
}

export interface BridgeAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** A kernel switch; a kernel without it is not an error, one that refuses is logged. */
export interface SysctlStep {
  readonly op: "sysctl";
  /** Path of the namespace it belongs to; undefined: the engine's own. */
  readonly netns: string | undefined;
  /** With slashes: "net/ipv4/ip_forward". */
  readonly key: string;
  readonly value: string;
  /** A user asked for it by name: without it the plan fails. */
  readonly isRequired?: boolean;
}

export interface VethStep {
  readonly op: "veth";
  readonly host: string;
  readonly bridge: string;
  readonly netns: string;
  readonly peer: string;
  readonly mac: string;
  readonly mtu: number;
  /**
   * What ends it: dropping the namespace takes every veth along and costs the caller nothing, deleting one link blocks
   * for some 15 ms.
   */
  readonly endsWith: "namespace" | "endpoint";
}
