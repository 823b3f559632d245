import type { OptionKind, OptionName } from "./options.ts";

/**
 * Options dockerd has and this version does not. Each is refused by name, unless it is set to what happens anyway.
 */
export interface RefusedOption extends OptionName {
  /** The one value that is no lie. */
  readonly only?: boolean | string;
}

export const REFUSED_OPTIONS: readonly RefusedOption[] = [
  ...fixed({
    "allow-direct-routing": false,
    "cri-containerd": false,
    "default-ipc-mode": "private",
    "firewall-backend": "nftables",
    init: false,
    "ip-forward-no-drop": true,
    ip6tables: true,
    iptables: true,
    "no-new-privileges": false,
    "raw-logs": true,
    rootless: false,
    "seccomp-profile": "builtin",
    "selinux-enabled": false,
    "userland-proxy": false,
  }),
  ...refused("text", [
    "bridge-accept-fwmark",
    "containerd",
    "containerd-namespace",
    "default-cgroupns-mode",
    "init-path",
    "metrics-addr",
    "nri-opts",
    "swarm-default-advertise-addr",
    "userland-proxy-path",
    "userns-remap",
  ]),
  ...refused("whole", [
    "cpu-rt-period",
    "cpu-rt-runtime",
    "max-concurrent-uploads",
    "network-control-plane-mtu",
    "network-diagnostic-port",
  ]),
  { flag: "authorization-plugin", key: "authorization-plugins", kind: "list" },
  { flag: "cdi-spec-dir", key: "cdi-spec-dirs", kind: "list" },
  { flag: "containerd-plugins-namespace", key: "containerd-plugin-namespace", kind: "text" },
  { flag: "default-network-opt", key: "default-network-opts", kind: "list" },
  { flag: "default-ulimit", key: "default-ulimits", kind: "list" },
  { flag: "exec-opt", key: "exec-opts", kind: "list", only: "native.cgroupdriver=cgroupfs" },
  { flag: "feature", key: "features", kind: "list" },
  { flag: "http-proxy", kind: "text" },
  { flag: "https-proxy", kind: "text" },
  { flag: "no-proxy", kind: "text" },
  { flag: "node-generic-resource", key: "node-generic-resources", kind: "list" },
  { flag: "registry-mirror", key: "registry-mirrors", kind: "list" },
  { flag: "restart", short: "r", kind: "yesNo", only: true },
  { flag: "storage-opt", key: "storage-opts", kind: "list" },
  ...inFileOnly([
    "allow-nondistributable-artifacts",
    "builder",
    "default-init",
    "deprecated-key-path",
    "host-gateway-ip",
    "proxies",
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
