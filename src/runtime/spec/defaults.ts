/** What every container gets unless it says otherwise: Docker's choices. */
import type { RuntimeDeviceRule, RuntimeMount } from "#spec/oci/runtime.ts";

export const SHM_PATH = "/dev/shm";
export const SHM_SIZE_BYTES = 64 * 1024 * 1024;

const TIGHT = ["nosuid", "noexec", "nodev"];

/** In this order: later ones lie on earlier ones. */
export const DEFAULT_MOUNTS: readonly RuntimeMount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: TIGHT },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: [...TIGHT, "ro"] },
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", ...TIGHT] },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: TIGHT },
  { destination: SHM_PATH, type: "tmpfs", source: "shm", options: [...TIGHT, "mode=1777"] },
];

/** Hidden: they tell about or act on the whole host. Absent ones are skipped by the runtime. */
export const MASKED_PATHS: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

export const READONLY_PATHS: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/**
 * Open files a process may have before it asks for more; its hard limit is ours. Our own soft limit would be wrong:
 * Bun raises it to the hard one, and programs that close all possible descriptors at their start would take seconds.
 */
export const OPEN_FILES_SOFT = 1024;

/** A character device by number, readable, writable and makeable. */
function allow(major: number, minor: number): RuntimeDeviceRule {
  return { allow: true, type: "c", major, minor, access: "rwm" };
}

/** Nothing, except zero, null, urandom, random, tty and console. The runtime adds the terminals and mknod. */
export const DEVICE_RULES: readonly RuntimeDeviceRule[] = [
  { allow: false, access: "rwm" },
  allow(1, 5),
  allow(1, 3),
  allow(1, 9),
  allow(1, 8),
  allow(5, 0),
  allow(5, 1),
];
