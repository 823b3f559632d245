/**
 * Names of containers. A *name server* is a process of its own, so that names go on resolving while the daemon is being
 * replaced or is gone; it listens at 127.0.0.11 in the namespace of every container of a user-defined network. The daemon
 * tells it what each container is called where (a *view*), and it keeps that in memory. Each line of their socket is a JSON object.
 */
import type { IpAddress } from "#kernel/types.ts";

/** Where containers ask for names. */
export const NAME_SERVER_ADDRESS = "127.0.0.11";

/** A container's place in one network with names. */
export interface ViewEndpoint {
  readonly networkId: string;
  /** "web.backend" is "web" of the network "backend". */
  readonly networkName: string;
  /** Lower case; the first is what PTR answers. */
  readonly names: readonly string[];
  readonly addresses: readonly IpAddress[];
  /** Ports that are served there: "80/tcp". */
  readonly services?: readonly string[];
  /** Names only this container knows, for others of the network: alias → name. */
  readonly links: Readonly<Record<string, string>>;
}

/** What the name server knows of one container. */
export interface SandboxView {
  /** The container's. */
  readonly id: string;
  readonly netnsPath: string;
  readonly endpoints: readonly ViewEndpoint[];
  /** Names with fixed addresses: host.docker.internal. */
  readonly fixed: Readonly<Record<string, readonly IpAddress[]>>;
  /**
   * Asked for all other names, from the container's own network. "host": those of the host's resolv.conf as it is at the
   * time, from the host's network, where alone some can be reached. Empty: other names are not known.
   */
  readonly resolvers: readonly IpAddress[] | "host";
}

/** What the daemon says. All with a number are answered. */
export type Command =
  /** These and no others. */
  | { readonly op: "sync"; readonly number: number; readonly views: readonly SandboxView[] }
  | { readonly op: "set"; readonly number: number; readonly view: SandboxView }
  | { readonly op: "close"; readonly number: number; readonly id: string }
  /** Another name server has taken over. */
  | { readonly op: "quit" };

/** The first line the daemon hears: a name server of another version is replaced. */
export interface Greeting {
  readonly version: string;
}

/** `number` is the command's. */
export interface CommandAnswer {
  readonly number: number;
  /** What could not be done for single containers. */
  readonly failures: readonly { readonly id: string; readonly message: string }[];
}
