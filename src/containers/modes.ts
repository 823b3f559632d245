/** Docker's modes for sharing namespaces: "", "host", "none", "private", "container:X", a network's name. */

/** The container named in "container:X", or undefined for any other mode. */
export function containerOfMode(mode: string | undefined): string | undefined {
  return mode?.startsWith("container:") ? mode.slice("container:".length) : undefined;
}

export type NetworkKind =
  /** The host's own namespace. */
  | "host"
  /** A namespace with nothing but loopback. */
  | "none"
  /** Another container's namespace. */
  | "container"
  /** A namespace of its own, joined to networks. */
  | "networks";

export function networkKind(mode: string | undefined): NetworkKind {
  if (mode === "host" || mode === "none") return mode;
  return containerOfMode(mode) === undefined ? "networks" : "container";
}

/** The name every engine gives the network containers join when they ask for none. */
export const DEFAULT_NETWORK = "bridge";

export function isUserNetwork(mode: string | undefined): boolean {
  return networkKind(mode) === "networks" && mode !== "" && mode !== "default" && mode !== DEFAULT_NETWORK;
}
