import { readFileSync } from "node:fs";
import type { Log } from "#base/log.ts";
import { run } from "#base/spawn.ts";

/** Docker's name for it: users and other engines on the same host ask for this one. */
export const DEFAULT_PROFILE = "docker-default";

const LOADED = "/sys/kernel/security/apparmor/profiles";

/**
 * Loads the profile of containers that name none, unless this host has it from another engine already. Where that cannot
 * be (no parser installed, or no right to load policy, as in a container) the log says so and containers get none.
 * @returns its name; undefined for none
 */
export async function loadDefaultProfile(
  hasAppArmor: boolean,
  log: Pick<Log, "warn">,
): Promise<string | undefined> {
  if (!hasAppArmor) return undefined;
  if (isLoaded(readLoaded(), DEFAULT_PROFILE)) return DEFAULT_PROFILE;
  const reason = await load(DEFAULT_PROFILE);
  if (reason === undefined) return DEFAULT_PROFILE;
  log.warn("containers run without an AppArmor profile: docker-default could not be loaded", { reason });
  return undefined;
}

/** @returns why it could not be; undefined when it was */
async function load(name: string): Promise<string | undefined> {
  const parser = Bun.which("apparmor_parser") ?? Bun.which("apparmor_parser", { PATH: "/sbin:/usr/sbin" });
  if (!parser) return "apparmor_parser is not installed (package apparmor)";
  const { exitCode, stderr } = await run([parser, "--replace", "--skip-cache"], { input: profileText(name) });
  return exitCode === 0 ? undefined : stderr.trim();
}

function readLoaded(): string {
  try {
    return readFileSync(LOADED, "utf8");
  } catch {
    return ""; // not mounted: the parser will say what it thinks of that
  }
}

/** Lines "name (mode)". */
export function isLoaded(profiles: string, name: string): boolean {
  return profiles.split("\n").some((line) => line.replace(/ \(\w+\)$/, "") === name);
}

/**
 * What capabilities, masked paths and seccomp do is said once more here, for the day that one of them has a hole: no new
 * mounts, and no way to the kernel's settings through /proc and /sys, by whatever path they are reached.
 */
export function profileText(name: string): string {
  return `profile ${name} flags=(attach_disconnected,mediate_deleted) {
  capability,
  file,
  network,
  umount,
  unix,

  # Processes of containers under this profile, and whoever looks after them from outside.
  signal (receive),
  signal (send) peer=${name},
  ptrace (read, readby, trace, tracedby) peer=${name},

  deny mount,
  deny pivot_root,

  deny /proc/{kcore,kmsg,mem,sysrq-trigger} rwklx,
  deny /proc/{acpi,asound,bus,driver,fs,irq,scsi,tty}/** wklx,
  deny /proc/sys/{abi,debug,dev,fs,user,vm}/** wklx,
  deny /proc/sys/kernel/{core_*,hotplug,kexec*,modprobe,modules_disabled,panic*,poweroff_cmd,printk*,sysrq,unprivileged_*,usermodehelper/*,yama/*} wklx,

  deny /sys/{block,bus,class,dev,devices,firmware,hypervisor,kernel,module,power}/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/fs/{bpf,ext4,f2fs,fuse,pstore,resctrl,selinux,smackfs,xfs}/** wklx,
}
`;
}
