/** What `up` would do, as data: operations and what each waits for. A plan can be tested, shown and run. */
import type { Network, Project, Service, Volume } from "../../model/types.ts";
import type { Separator } from "../names.ts";
import type { ConfigHashes, Observed, ObservedContainer } from "../types.ts";

export type Condition = "running_or_healthy" | "service_healthy" | "service_completed_successfully";

/** A container an operation is about: one that was there, or what a node of the plan creates. */
export type Target =
  | { readonly found: ObservedContainer }
  | { readonly createdBy: number; readonly name: string };

export type Operation =
  | { readonly op: "createNetwork"; readonly key: string; readonly network: Network }
  /** `isLeftover`: it may stay when somebody else uses it. */
  | { readonly op: "removeNetwork"; readonly name: string; readonly isLeftover: boolean }
  | { readonly op: "disconnect"; readonly network: string; readonly container: ObservedContainer }
  | {
      readonly op: "connect";
      readonly key: string;
      readonly service: Service;
      readonly container: ObservedContainer;
    }
  | { readonly op: "createVolume"; readonly key: string; readonly volume: Volume }
  | { readonly op: "removeVolume"; readonly name: string }
  | {
      readonly op: "createContainer";
      readonly service: Service;
      readonly number: number;
      /** It is created under another name while the container it replaces has this one. */
      readonly name: string;
      readonly replaces?: ObservedContainer;
      /** Take over the anonymous volumes of what it replaces. */
      readonly inherits: boolean;
    }
  | { readonly op: "stopContainer"; readonly container: ObservedContainer }
  | { readonly op: "removeContainer"; readonly container: ObservedContainer; readonly volumes: boolean }
  | { readonly op: "renameContainer"; readonly createdBy: number; readonly name: string }
  | {
      readonly op: "waitFor";
      readonly service: string;
      readonly condition: Condition;
      readonly isRequired: boolean;
    }
  /** Runs the hooks' containers to their end, with the volumes of the service's first replica, or of each. */
  | {
      readonly op: "preStart";
      readonly service: Service;
      /** The first replica. */
      readonly target: Target;
      /** All that start, with their numbers. */
      readonly replicas: readonly { readonly number: number; readonly target: Target }[];
      /** Another replica runs already: what is done once for all of them has been done. */
      readonly isShared: boolean;
    }
  | { readonly op: "startContainer"; readonly service: Service; readonly target: Target };

export interface PlanNode {
  readonly id: number;
  readonly operation: Operation;
  /** Ids of the nodes that come before it. */
  readonly after: readonly number[];
  /** Starts begin when all of "create" is done: nothing runs of a project that cannot be made. */
  readonly phase: "create" | "start";
  /** Nodes of one replacement are shown as one thing that happens to this container. */
  readonly replaces?: ObservedContainer;
}

export interface Plan {
  readonly nodes: readonly PlanNode[];
  readonly warnings: readonly string[];
}

/** Which containers are replaced: those that differ, all, or none. */
export type RecreatePolicy = "diverged" | "force" | "never";

export interface PlanOptions {
  /** Services named by the user; empty: all. The others are there because these depend on them. */
  readonly targets: readonly string[];
  readonly recreate: RecreatePolicy;
  /** For services that were not named. */
  readonly recreateDependencies: RecreatePolicy;
  /** Replacements keep anonymous volumes. */
  readonly inheritsVolumes: boolean;
  readonly removeOrphans: boolean;
  readonly starts: boolean;
  /** Keys of volumes that may be made anew, with their data lost. */
  readonly recreateVolumes: ReadonlySet<string>;
}

export interface PlanInput {
  readonly project: Project;
  readonly observed: Observed;
  readonly options: PlanOptions;
  readonly hashes: ConfigHashes;
  readonly separator: Separator;
  /** By service: what marks the image it runs, and the images it mounts. */
  readonly images: Readonly<Record<string, { readonly digest: string; readonly volumeDigest: string }>>;
}
