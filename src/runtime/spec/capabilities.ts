/** Which capabilities a container's processes may have. */
import { InvalidArgument } from "#base/errors.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeCapabilities } from "#spec/oci/runtime.ts";

// biome-ignore format: a list to look things up in
/** In the order of their numbers: bit N of a capability mask is the Nth. @see linux/capability.h */
export const ALL_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
  "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
  "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
];

// biome-ignore format: a list to look things up in
/** What Docker leaves to root in a container. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
  "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
];

const ALL = "ALL";

/**
 * Docker's rules for --cap-add, --cap-drop and --privileged.
 * @param available what this host can give; ALL and --privileged mean these
 * @throws InvalidArgument for unknown names, and for those asked by name that the host cannot give
 */
export function chooseCapabilities(
  hostConfig: Pick<HostConfig, "CapAdd" | "CapDrop" | "Privileged">,
  available: readonly string[],
): string[] {
  if (hostConfig.Privileged) return [...available];
  const added = (hostConfig.CapAdd ?? []).map((name) => normalize("CapAdd", name));
  const dropped = (hostConfig.CapDrop ?? []).map((name) => normalize("CapDrop", name));
  if (added.includes(ALL)) return available.filter((name) => !dropped.includes(name));
  const missing = added.find((name) => !available.includes(name));
  if (missing !== undefined) {
    throw new InvalidArgument(
      `invalid CapAdd: capability not supported by kernel or not available in the current environment: "${missing}"`,
    );
  }
  const base = dropped.includes(ALL) ? [] : DEFAULT_CAPABILITIES;
  const kept = base.filter((name) => available.includes(name) && !dropped.includes(name));
  return [...new Set([...kept, ...added])];
}

function normalize(field: "CapAdd" | "CapDrop", name: string): string {
  const upper = name.toUpperCase();
  if (upper === ALL) return ALL;
  const full = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (!ALL_CAPABILITIES.includes(full))
    throw new InvalidArgument(`invalid ${field}: unknown capability: "${full}"`);
  return full;
}

/**
 * Never inheritable (CVE-2022-24769). A user other than root has them only as a bound: the kernel takes the rest away at
 * exec, and runtimes differ in when.
 */
export function capabilitySets(names: readonly string[], uid: number): RuntimeCapabilities {
  const bounding = [...names];
  return uid === 0 ? { bounding, effective: [...names], permitted: [...names] } : { bounding };
}
