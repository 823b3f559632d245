import { dlopen, type Pointer, ptr } from "bun:ffi";
import { Internal } from "#base/errors.ts";
import type { RuntimeSeccomp, SeccompAction, SeccompSyscall } from "#spec/oci/runtime.ts";

/** @see seccomp.h: scmp_filter_attr */
const ATTRIBUTE = { noNewPrivileges: 3, optimize: 8 } as const;
const OPTIMIZE_BINARY_TREE = 2;

const ACTION = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
} as const satisfies Record<SeccompAction, number>;

const COMPARE: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** @see seccomp.h: SCMP_ARCH_*, the kernel's AUDIT_ARCH_* */
const ARCHITECTURE: Readonly<Record<string, number>> = {
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X32: 0x4000003e,
  SCMP_ARCH_ARM: 0x40000028,
  SCMP_ARCH_AARCH64: 0xc00000b7,
};

const EPERM = 1;
const EEXIST = 17;
const UNKNOWN_SYSCALL = -1;
/** struct scmp_arg_cmp: index, operator, two 64-bit values. */
const ARGUMENT_BYTES = 24;
const ARGUMENTS_MAX = 6;

export type Libseccomp = ReturnType<typeof openLibseccomp>;

/** @throws when the library is not installed */
export function openLibseccomp() {
  return dlopen("libseccomp.so.2", {
    seccomp_init: { args: ["u32"], returns: "ptr" },
    seccomp_release: { args: ["ptr"], returns: "void" },
    seccomp_arch_add: { args: ["ptr", "u32"], returns: "i32" },
    seccomp_attr_set: { args: ["ptr", "u32", "u32"], returns: "i32" },
    seccomp_syscall_resolve_name: { args: ["ptr"], returns: "i32" },
    seccomp_rule_add_array: { args: ["ptr", "u32", "i32", "u32", "ptr"], returns: "i32" },
    seccomp_export_bpf: { args: ["ptr", "i32"], returns: "i32" },
  }).symbols;
}

/** Whether this process can do what a runtime would: notify and unknown architectures are left to the runtime. */
export function canCompile(profile: RuntimeSeccomp): boolean {
  const actions = [profile.defaultAction, ...(profile.syscalls ?? []).map((rule) => rule.action)];
  const architectures = profile.architectures ?? [];
  return (
    !actions.includes("SCMP_ACT_NOTIFY") &&
    (profile.flags ?? []).length === 0 &&
    architectures.every((name) => name in ARCHITECTURE)
  );
}

/**
 * Compiles a profile to a BPF program as the kernel takes it. Costs some 12 ms for Docker's default profile.
 * @param fd the program is written there
 * @throws Internal when libseccomp refuses a rule
 */
export function compileProfile(library: Libseccomp, profile: RuntimeSeccomp, fd: number): void {
  const context = library.seccomp_init(
    actionValue(profile.defaultAction, profile.defaultErrnoRet),
  ) as Pointer | null;
  if (!context) throw new Internal(`seccomp: cannot begin a filter with action ${profile.defaultAction}`);
  try {
    for (const name of profile.architectures ?? []) {
      check(library.seccomp_arch_add(context, ARCHITECTURE[name]!), `add architecture ${name}`, EEXIST);
    }
    library.seccomp_attr_set(context, ATTRIBUTE.noNewPrivileges, 0); // the runtime decides about that
    library.seccomp_attr_set(context, ATTRIBUTE.optimize, OPTIMIZE_BINARY_TREE); // older libraries lack it
    addRules(library, context, profile);
    check(library.seccomp_export_bpf(context, fd), "write the program");
  } finally {
    library.seccomp_release(context);
  }
}

function addRules(library: Libseccomp, context: Pointer, profile: RuntimeSeccomp): void {
  const text = Buffer.alloc(256); // lives until all calls are made: the collector must not move in between
  const comparisons = Buffer.alloc(ARGUMENT_BYTES * ARGUMENTS_MAX);
  const defaultAction = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  for (const rule of profile.syscalls ?? []) {
    const action = actionValue(rule.action, rule.errnoRet);
    if (action === defaultAction) continue; // says nothing, and libseccomp refuses it
    writeComparisons(comparisons, rule);
    for (const name of rule.names) {
      text[text.write(name, 0, text.length - 1)] = 0;
      const number = library.seccomp_syscall_resolve_name(ptr(text));
      if (number === UNKNOWN_SYSCALL) continue; // newer than this library: stays denied by default
      const count = rule.args?.length ?? 0;
      const result = library.seccomp_rule_add_array(context, action, number, count, ptr(comparisons));
      check(result, `add a rule for ${name}`);
    }
  }
}

function writeComparisons(target: Buffer, rule: SeccompSyscall): void {
  for (const [i, { index, op, value, valueTwo }] of (rule.args ?? []).entries()) {
    const compare = COMPARE[op];
    if (compare === undefined || i >= ARGUMENTS_MAX)
      throw new Internal(`seccomp: bad argument rule ${i} (${op}) for ${rule.names.join(", ")}`);
    target.writeUInt32LE(index, i * ARGUMENT_BYTES);
    target.writeUInt32LE(compare, i * ARGUMENT_BYTES + 4);
    target.writeBigUInt64LE(BigInt(value), i * ARGUMENT_BYTES + 8);
    target.writeBigUInt64LE(BigInt(valueTwo ?? 0), i * ARGUMENT_BYTES + 16);
  }
}

function actionValue(action: SeccompAction, errno: number | undefined): number {
  const takesErrno = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  return takesErrno ? ACTION[action] | ((errno ?? EPERM) & 0xffff) : ACTION[action];
}

function check(result: number, what: string, ...harmless: number[]): void {
  if (result < 0 && !harmless.includes(-result))
    throw new Internal(`seccomp: cannot ${what}: error ${-result}`);
}
