import type { OptionKind, OptionName } from "./options.ts";

/**
 * Options dockerd has and this version does not. Each is refused by name, unless it is set to what happens anyway.
 */
export interface RefusedOption extends OptionName {
  /** The one value that is no lie. */
  readonly only?: boolean | string;
  /** Why, and what to do instead. */
  readonly reason?: string;
}

export const REFUSED_OPTIONS: readonly RefusedOption[] = [
  ...fixed({
    "allow-direct-routing": false,
    "cri-containerd": false,
    "firewall-backend": "nftables",
    "ip-forward-no-drop": true,
    ip6tables: true,
    iptables: true,
    "raw-logs": true,
    rootless: false,
    "userland-proxy": false,
  }),
  ...refused("text", [
    "bridge-accept-fwmark",
    "containerd",
    "containerd-namespace",
    "metrics-addr",
    "nri-opts",
    "swarm-default-advertise-addr",
    "userland-proxy-path",
  ]),
  ...refused("whole", ["network-control-plane-mtu", "network-diagnostic-port"]),
  { flag: "containerd-plugins-namespace", key: "containerd-plugin-namespace", kind: "text" },
  { flag: "default-network-opt", key: "default-network-opts", kind: "list" },
  { flag: "node-generic-resource", key: "node-generic-resources", kind: "list" },
  { flag: "restart", short: "r", kind: "yesNo", only: true },
  ...inFileOnly([
    "allow-nondistributable-artifacts",
    "builder",
    "default-init",
    "deprecated-key-path",
    "host-gateway-ip",
    "resolv-conf",
    "swarm-raft-election-tick",
    "swarm-raft-heartbeat-tick",
  ]),
];

function fixed(values: Readonly<Record<string, boolean | string>>): RefusedOption[] {
  return Object.entries(values).map(([name, only]) => ({
    flag: name,
    key: name,
    kind: typeof only === "boolean" ? "yesNo" : "text",
    only,
  }));
}

function refused(kind: OptionKind, names: readonly string[]): RefusedOption[] {
  return names.map((name) => ({ flag: name, key: name, kind }));
}

function inFileOnly(names: readonly string[]): RefusedOption[] {
  return names.map((key) => ({ key, kind: "text" }));
}

/** Whether the value is the one that holds anyway. */
export function isHonoured({ only }: RefusedOption, value: unknown): boolean {
  if (only === undefined) return false;
  const values = Array.isArray(value) ? value : [value];
  return values.every((one) => one === only);
}
