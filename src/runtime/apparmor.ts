import { readFileSync } from "node:fs";
import { Unavailable } from "#base/errors.ts";
import { run } from "#base/spawn.ts";

/** Docker's name for it: users and other engines on the same host ask for this one. */
export const DEFAULT_PROFILE = "docker-default";

const LOADED = "/sys/kernel/security/apparmor/profiles";

/**
 * Loads the profile of containers that name none, unless this host has it from another engine already.
 * @returns its name; undefined where the kernel has no AppArmor
 * @throws Unavailable in Docker's words when it cannot be loaded: containers would be less confined than they seem
 */
export async function loadDefaultProfile(hasAppArmor: boolean): Promise<string | undefined> {
  if (!hasAppArmor) return undefined;
  if (isLoaded(readLoaded(), DEFAULT_PROFILE)) return DEFAULT_PROFILE;
  const parser = Bun.which("apparmor_parser") ?? Bun.which("apparmor_parser", { PATH: "/sbin:/usr/sbin" });
  if (!parser) throw cannotLoad("apparmor_parser is not installed");
  const { exitCode, stderr } = await run([parser, "--replace", "--skip-cache"], {
    input: profileText(DEFAULT_PROFILE),
  });
  if (exitCode !== 0) throw cannotLoad(stderr.trim());
  return DEFAULT_PROFILE;
}

function cannotLoad(reason: string): Unavailable {
  return new Unavailable(
    `AppArmor enabled on system but the ${DEFAULT_PROFILE} profile could not be loaded: ${reason}`,
    { hint: "install the package apparmor" },
  );
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
