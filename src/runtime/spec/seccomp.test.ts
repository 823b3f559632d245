import { expect, test } from "bun:test";
import { EXAMPLE_HOST } from "./_example.ts";
import { DEFAULT_CAPABILITIES } from "./capabilities.ts";
import { seccompOf } from "./seccomp.ts";

const allowed = (capabilities: readonly string[], arch = "x64") =>
  new Set(
    seccompOf("builtin", capabilities, { ...EXAMPLE_HOST, arch })!
      .syscalls!.filter(({ action, args }) => action === "SCMP_ACT_ALLOW" && !args)
      .flatMap(({ names }) => names),
  );

test("seccompOf() allows by default what programs need and nothing that is the host's", () => {
  const names = allowed(DEFAULT_CAPABILITIES);
  expect(names.size).toBeGreaterThan(330);
  for (const name of ["read", "execve", "openat2", "futex_waitv", "chroot", "arch_prctl"])
    expect(names).toContain(name);
  for (const name of [
    "mount",
    "unshare",
    "setns",
    "bpf",
    "kexec_load",
    "init_module",
    "keyctl",
    "add_key",
    "reboot",
  ])
    expect(names).not.toContain(name);
  for (const name of ["io_uring_setup", "userfaultfd", "clone", "clone3", "socket"])
    expect(names).not.toContain(name);
});

test("seccompOf() opens with each capability what it is for", () => {
  const admin = allowed(["CAP_SYS_ADMIN"]);
  for (const name of ["mount", "unshare", "setns", "clone", "clone3", "bpf"]) expect(admin).toContain(name);
  expect(allowed(["CAP_SYS_MODULE"])).toContain("finit_module");
  expect(allowed([])).not.toContain("chroot");
});

test("seccompOf() names the architectures a processor runs", () => {
  expect(seccompOf("builtin", [], EXAMPLE_HOST)!.architectures).toEqual([
    "SCMP_ARCH_X86_64",
    "SCMP_ARCH_X86",
    "SCMP_ARCH_X32",
  ]);
  expect(allowed([], "arm64")).toContain("cacheflush");
  expect(allowed([], "arm64")).not.toContain("arch_prctl");
});

test("seccompOf() filters nothing when told so or when the kernel cannot", () => {
  expect(seccompOf("unconfined", [], EXAMPLE_HOST)).toBeUndefined();
  const old = { ...EXAMPLE_HOST, features: { ...EXAMPLE_HOST.features, seccomp: false } };
  expect(seccompOf("builtin", [], old)).toBeUndefined();
});

test("seccompOf() reads a user's profile and applies its conditions", () => {
  const profile = JSON.stringify({
    defaultAction: "SCMP_ACT_ALLOW",
    archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
    syscalls: [
      { name: "mkdir", action: "SCMP_ACT_ERRNO", errnoRet: 13 },
      { names: ["reboot"], action: "SCMP_ACT_ERRNO", excludes: { caps: ["CAP_SYS_BOOT"] } },
      { names: ["mount"], action: "SCMP_ACT_KILL", includes: { caps: ["CAP_SYS_ADMIN"] } },
      { names: ["cacheflush"], action: "SCMP_ACT_ERRNO", includes: { arches: ["arm64"] } },
    ],
  });
  expect(seccompOf(profile, ["CAP_SYS_BOOT"], EXAMPLE_HOST)).toEqual({
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 13 }],
  });
});

test.each<{ profile: unknown; message: string }>([
  { profile: "{", message: "Decoding seccomp profile failed" },
  { profile: {}, message: "it has no defaultAction" },
  {
    profile: { defaultAction: "SCMP_ACT_ALLOW", architectures: ["a"], archMap: [{ architecture: "b" }] },
    message: "both 'architectures' and 'archMap'",
  },
  {
    profile: {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ name: "a", names: ["b"], action: "SCMP_ACT_ERRNO" }],
    },
    message: "both 'name' and 'names'",
  },
  {
    profile: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ action: "SCMP_ACT_ERRNO" }] },
    message: "names no system call",
  },
])("seccompOf() refuses: $message", ({ profile, message }) => {
  const text = typeof profile === "string" ? profile : JSON.stringify(profile);
  expect(() => seccompOf(text, [], EXAMPLE_HOST)).toThrow(message);
});
