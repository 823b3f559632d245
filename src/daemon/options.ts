/**
 * The daemon's options: flags, keys of daemon.json and the words of help. An option of Docker's that is not here is in
 * refused-options.ts: nothing is accepted and ignored.
 */
export type OptionKind =
  | "text"
  | "yesNo"
  | "whole"
  /** Several flags, or a list in the file. */
  | "list"
  /** "name=value" flags, or an object in the file. */
  | "map"
  /** "name=path" flags, or objects with path and runtimeArgs in the file. */
  | "runtimes"
  /** "base=CIDR,size=N" flags, or objects in the file. */
  | "pools"
  /** The path of a file, or in the file also the object itself. */
  | "policy"
  /** "name=soft:hard" flags, or objects by name in the file. */
  | "ulimits"
  /** "name=true" flags, or an object of true and false in the file. */
  | "switches"
  /** In the file only: an object with "http-proxy", "https-proxy" and "no-proxy". */
  | "proxies"
  /** In the file only: what is said about single registries. */
  | "registries";

export interface OptionName {
  /** Without dashes. Absent: only in the file. */
  readonly flag?: string;
  readonly short?: string;
  /** Absent: only as a flag. */
  readonly key?: string;
  readonly kind: OptionKind;
}

export interface DaemonOption extends OptionName {
  readonly text: string;
  /** The default as help shows it. */
  readonly shown?: string;
}

export const DAEMON_OPTIONS: readonly DaemonOption[] = [
  option("add-runtime", "runtimes", "Register an additional OCI compatible runtime", { key: "runtimes" }),
  option("authorization-plugin", "list", "Authorization plugins to load", { key: "authorization-plugins" }),
  option("bip", "text", "IPv4 address for the default bridge"),
  option("bip6", "text", "IPv6 address for the default bridge"),
  option("bridge", "text", "Attach containers to a network bridge", { short: "b" }),
  option("cdi-spec-dir", "list", "CDI specification directories to use", { key: "cdi-spec-dirs" }),
  option("cgroup-parent", "text", "Set parent cgroup for all containers", { shown: '"/wharf"' }),
  flagOnly("config-file", "text", "Daemon configuration file", { shown: '"/etc/wharf/daemon.json"' }),
  option("cpu-rt-period", "whole", "Limit the CPU real-time period in microseconds for all containers"),
  option("cpu-rt-runtime", "whole", "Limit the CPU real-time runtime in microseconds for all containers"),
  option("data-root", "text", "Root directory of persistent state", { shown: '"/var/lib/wharf"' }),
  option("debug", "yesNo", "Enable debug mode", { short: "D" }),
  option("default-address-pool", "pools", "Default address pools for local networks", {
    key: "default-address-pools",
  }),
  option("default-cgroupns-mode", "text", 'Default mode for containers cgroup namespace ("host"|"private")'),
  option("default-gateway", "text", "Default gateway IPv4 address for the default bridge network"),
  option("default-gateway-v6", "text", "Default gateway IPv6 address for the default bridge network"),
  option("default-ipc-mode", "text", 'Default mode for containers ipc ("shareable"|"private")', {
    shown: '"private"',
  }),
  option("default-runtime", "text", "Default OCI runtime for containers"),
  option("default-shm-size", "text", "Default shm size for containers", { shown: "64MiB" }),
  option("default-stop-timeout", "whole", "Default stop timeout (in seconds) for containers", {
    shown: "10",
  }),
  option("default-ulimit", "ulimits", "Default ulimits for containers", { key: "default-ulimits" }),
  option("dns", "list", "DNS server to use"),
  option("dns-opt", "list", "DNS options to use", { key: "dns-opts" }),
  option("dns-search", "list", "DNS search domains to use"),
  option("exec-opt", "list", "Runtime execution options (native.cgroupdriver=cgroupfs|systemd)", {
    key: "exec-opts",
  }),
  option("exec-root", "text", "Root directory for execution state files", { shown: '"/run/wharf"' }),
  option("experimental", "yesNo", "Enable experimental features"),
  option("feature", "switches", "Enable feature in the daemon (cdi, time-namespaces)", { key: "features" }),
  option("fixed-cidr", "text", "IPv4 subnet for the default bridge network"),
  option("fixed-cidr-v6", "text", "IPv6 subnet for the default bridge network"),
  option("group", "text", "Group for the unix socket", { short: "G", shown: '"wharf"' }),
  flagOnly("help", "yesNo", "Print usage"),
  option("host", "list", "Daemon socket(s) to connect to", { key: "hosts", short: "H" }),
  option("host-gateway-ip", "list", "IP addresses that 'host-gateway' in --add-host resolves to", {
    key: "host-gateway-ips",
  }),
  flagOnly("http-proxy", "text", "HTTP proxy URL to use for outgoing traffic"),
  flagOnly("https-proxy", "text", "HTTPS proxy URL to use for outgoing traffic"),
  option("icc", "yesNo", "Enable inter-container communication for the default bridge network", {
    shown: "true",
  }),
  option("init", "yesNo", "Run an init in the container to forward signals and reap processes"),
  option("init-path", "text", "Path to the init binary"),
  option("image-gc-high-threshold", "whole", "Percent of the disk in use at which unused images are evicted"),
  option("image-gc-low-threshold", "whole", "Percent of the disk in use at which eviction ends"),
  option("image-gc-minimum-age", "text", "Images used more recently are not evicted", { shown: "2m" }),
  option("insecure-registry", "list", "Enable insecure registry communication", {
    key: "insecure-registries",
  }),
  option("ip", "text", "Host IP for port publishing from the default bridge network", { shown: "0.0.0.0" }),
  option("ip-forward", "yesNo", "Enable IP forwarding in system configuration", { shown: "true" }),
  option("ip-masq", "yesNo", "Enable IP masquerading for the default bridge network", { shown: "true" }),
  option("ipv6", "yesNo", "Enable IPv6 networking for the default bridge network"),
  option("published-ports", "text", 'Whose rules published ports follow ("docker"|"host-input")', {
    shown: '"docker"',
  }),
  option("label", "list", "Set key=value labels to the daemon", { key: "labels" }),
  option("live-restore", "yesNo", "Keep containers alive while no daemon runs", { shown: "true" }),
  option("log-driver", "text", "Default driver for container logs", { shown: '"json-file"' }),
  option("log-format", "text", 'Set the logging format ("text"|"json")', { shown: '"text"' }),
  option("log-level", "text", 'Set the logging level ("debug"|"info"|"warn"|"error"|"fatal")', {
    short: "l",
    shown: '"info"',
  }),
  option("log-opt", "map", "Default log driver options for containers", { key: "log-opts" }),
  option("max-concurrent-downloads", "whole", "Set the max concurrent downloads", { shown: "6" }),
  option("max-concurrent-uploads", "whole", "Set the max concurrent uploads", { shown: "5" }),
  option("max-download-attempts", "whole", "Set the max download attempts for each pull", { shown: "5" }),
  option("mtu", "whole", "Set the MTU for the default bridge network", { shown: "1500" }),
  option("no-new-privileges", "yesNo", "Set no-new-privileges by default for new containers"),
  flagOnly(
    "no-proxy",
    "text",
    "Comma-separated list of hosts or IP addresses for which the proxy is skipped",
  ),
  option("pidfile", "text", "Path to use for daemon PID file", {
    short: "p",
    shown: '"/run/wharf/wharf.pid"',
  }),
  option("registry-mirror", "list", "Preferred registry mirror", { key: "registry-mirrors" }),
  option("seccomp-profile", "text", 'Path to seccomp profile ("unconfined" for none)', {
    shown: '"builtin"',
  }),
  option("selinux-enabled", "yesNo", "Enable selinux support"),
  option("shutdown-timeout", "whole", "Set the default shutdown timeout", { shown: "15" }),
  option("storage-driver", "text", "Storage driver to use", { short: "s" }),
  option("storage-opt", "list", "Storage driver options (overlay2.size)", { key: "storage-opts" }),
  option("tls", "yesNo", "Use TLS; implied by --tlsverify"),
  option("tlscacert", "text", "Trust certs signed only by this CA", { shown: '"~/.docker/ca.pem"' }),
  option("tlscert", "text", "Path to TLS certificate file", { shown: '"~/.docker/cert.pem"' }),
  option("tlskey", "text", "Path to TLS key file", { shown: '"~/.docker/key.pem"' }),
  option("tlsverify", "yesNo", "Use TLS and verify the remote"),
  option("trust-policy", "policy", "File with the policy that says which signed images may be pulled"),
  option("userns-remap", "text", "User/Group setting for user namespaces"),
  flagOnly("validate", "yesNo", "Validate daemon configuration and exit"),
  flagOnly("version", "yesNo", "Print version information and quit", { short: "v" }),
  { key: "min-api-version", kind: "text", text: "Lowest API version served" },
  { key: "proxies", kind: "proxies", text: "Proxies for outgoing traffic" },
  { key: "registries", kind: "registries", text: "Mirrors of single registries" },
];

interface Extra {
  readonly key?: string;
  readonly short?: string;
  readonly shown?: string;
}

/** In the file under the flag's own name, or under another `key`. */
function option(flag: string, kind: OptionKind, text: string, extra: Extra = {}): DaemonOption {
  return { flag, key: flag, kind, text, ...extra };
}

function flagOnly(flag: string, kind: OptionKind, text: string, extra: Extra = {}): DaemonOption {
  return { flag, kind, text, ...extra };
}

/** What an option's value is kept under: its key where it has one. */
export function settingName({ key, flag }: OptionName): string {
  return key ?? flag!;
}
