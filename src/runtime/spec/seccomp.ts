/** Which seccomp profile a container gets, filtered to what it may do. */
import { InvalidArgument } from "#base/errors.ts";
import type { RuntimeSeccomp, SeccompAction, SeccompSyscall } from "#spec/oci/runtime.ts";
import { AF_VSOCK, ALLOWED, CLONE_NAMESPACES, ENOSYS, PERSONALITIES } from "./seccomp-default.ts";
import type { SpecHost } from "./types.ts";

const EPERM = 1;

/** By Bun's name of the architecture: Go's name, and what else its processes may be, as Docker has it. */
const ARCHITECTURES: Readonly<Record<string, { readonly go: string; readonly names: readonly string[] }>> = {
  x64: { go: "amd64", names: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
  arm64: { go: "arm64", names: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"] },
};

/**
 * @param profile "unconfined", "builtin", or the JSON text of a profile in Docker's format
 * @returns undefined when nothing is to be filtered
 * @throws InvalidArgument for a profile that cannot be read
 */
export function seccompOf(
  profile: string,
  capabilities: readonly string[],
  host: Pick<SpecHost, "features" | "arch">,
): RuntimeSeccomp | undefined {
  if (profile === "unconfined" || !host.features.seccomp) return undefined;
  return profile === "builtin"
    ? defaultProfile(capabilities, host.arch)
    : customProfile(profile, capabilities, host.arch);
}

// ── Docker's default ────────────────────────────────────────────────────────

function defaultProfile(capabilities: readonly string[], arch: string): RuntimeSeccomp {
  const { go, names: architectures } = ARCHITECTURES[arch] ?? { go: arch, names: [] };
  const names = ALLOWED.filter(
    ({ caps, arches }) =>
      (!caps || caps.some((name) => capabilities.includes(name))) && (!arches || arches.includes(go)),
  ).flatMap((group) => group.names.trim().split(/\s+/));
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    architectures: [...architectures],
    syscalls: [
      { names: [...new Set(names)], action: "SCMP_ACT_ALLOW" },
      allowWhen("socket", { index: 0, op: "SCMP_CMP_NE", value: AF_VSOCK }),
      ...PERSONALITIES.map((value) => allowWhen("personality", { index: 0, op: "SCMP_CMP_EQ", value })),
      ...(capabilities.includes("CAP_SYS_ADMIN") ? [] : cloneWithoutNamespaces()),
    ],
  };
}

type Argument = NonNullable<SeccompSyscall["args"]>[number];

function allowWhen(name: string, argument: Argument): SeccompSyscall {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [argument] };
}

function cloneWithoutNamespaces(): SeccompSyscall[] {
  return [
    allowWhen("clone", { index: 0, op: "SCMP_CMP_MASKED_EQ", value: CLONE_NAMESPACES, valueTwo: 0 }),
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
  ];
}

// ── a user's ────────────────────────────────────────────────────────────────

/** Docker's format: OCI's, with conditions. */
interface CustomProfile {
  defaultAction?: SeccompAction;
  defaultErrnoRet?: number;
  architectures?: string[] | null;
  archMap?: { architecture: string; subArchitectures?: string[] | null }[] | null;
  flags?: string[] | null;
  syscalls?: CustomRule[] | null;
}

interface CustomRule {
  name?: string;
  names?: string[] | null;
  action: SeccompAction;
  errnoRet?: number;
  args?: Argument[] | null;
  includes?: Conditions | null;
  excludes?: Conditions | null;
}

interface Conditions {
  arches?: string[] | null;
  caps?: string[] | null;
}

function customProfile(text: string, capabilities: readonly string[], arch: string): RuntimeSeccomp {
  const profile = parseProfile(text);
  const go = ARCHITECTURES[arch]?.go ?? arch;
  const rules = (profile.syscalls ?? []).filter((rule) => applies(rule, go, capabilities));
  return {
    defaultAction: profile.defaultAction!,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: architecturesOf(profile, arch),
    ...(profile.flags?.length ? { flags: profile.flags } : {}),
    syscalls: rules.map(ociRule),
  };
}

function parseProfile(text: string): CustomProfile {
  let profile: CustomProfile | null;
  try {
    profile = JSON.parse(text) as CustomProfile | null;
  } catch (cause) {
    throw new InvalidArgument(`Decoding seccomp profile failed: ${(cause as Error).message}`, { cause });
  }
  if (typeof profile !== "object" || profile === null || !profile.defaultAction)
    throw new InvalidArgument("Decoding seccomp profile failed: it has no defaultAction");
  if (profile.architectures?.length && profile.archMap?.length) {
    throw new InvalidArgument(
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  for (const rule of profile.syscalls ?? []) checkRule(rule);
  return profile;
}

function checkRule(rule: CustomRule): void {
  if (rule.name && rule.names?.length) {
    throw new InvalidArgument(
      "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'",
    );
  }
  if (!rule.name && !rule.names?.length)
    throw new InvalidArgument("a rule of the seccomp profile names no system call");
}

function architecturesOf(profile: CustomProfile, arch: string): string[] {
  if (profile.architectures?.length) return profile.architectures;
  const native = ARCHITECTURES[arch]?.names[0];
  const entry = (profile.archMap ?? []).find(({ architecture }) => architecture === native);
  return entry ? [entry.architecture, ...(entry.subArchitectures ?? [])] : [];
}

/** Included when each kind of condition has a match, excluded when any has. */
function applies({ includes, excludes }: CustomRule, go: string, capabilities: readonly string[]): boolean {
  const wantsArch = includes?.arches?.length ? includes.arches.includes(go) : true;
  const wantsCaps = (includes?.caps ?? []).every((name) => capabilities.includes(name));
  const isExcluded =
    (excludes?.arches ?? []).includes(go) ||
    (excludes?.caps ?? []).some((name) => capabilities.includes(name));
  return wantsArch && wantsCaps && !isExcluded;
}

function ociRule(rule: CustomRule): SeccompSyscall {
  return {
    names: rule.names?.length ? rule.names : [rule.name!],
    action: rule.action,
    ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
    ...(rule.args?.length ? { args: rule.args } : {}),
  };
}
