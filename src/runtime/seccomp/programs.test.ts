import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import type { RuntimeSeccomp } from "#spec/oci/runtime.ts";
import { openLibseccomp } from "./libseccomp.ts";
import { SeccompPrograms } from "./programs.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-seccomp-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const withLibrary = test.skipIf(!hasLibrary());

function hasLibrary(): boolean {
  try {
    openLibseccomp();
    return true;
  } catch {
    return false;
  }
}

function profile(names: string[]): RuntimeSeccomp {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: process.arch === "x64" ? ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] : ["SCMP_ARCH_AARCH64"],
    syscalls: [
      { names: [...names, "no_such_system_call"], action: "SCMP_ACT_ALLOW" },
      {
        names: ["personality"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, op: "SCMP_CMP_EQ", value: 0xffffffff }],
      },
      { names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
    ],
  };
}

withLibrary("SeccompPrograms compiles a profile once, and once for all daemons to come", () => {
  const programs = new SeccompPrograms(directory, silentLog);
  const program = programs.programFor(profile(["read", "write"]))!;
  expect(Buffer.from(program, "base64").length % 8).toBe(0); // one BPF instruction
  const [file] = readdirSync(directory);
  const { mtimeMs } = statSync(join(directory, file!));
  expect(programs.programFor(profile(["read", "write"]))).toBe(program);
  expect(new SeccompPrograms(directory, silentLog).programFor(profile(["read", "write"]))).toBe(program);
  expect(statSync(join(directory, file!)).mtimeMs).toBe(mtimeMs);
  expect(programs.programFor(profile(["read"]))).not.toBe(program);
  expect(readdirSync(directory)).toHaveLength(2);
});

withLibrary("SeccompPrograms makes anew what a crash left empty", () => {
  const program = new SeccompPrograms(directory, silentLog).programFor(profile(["read"]));
  truncateSync(join(directory, readdirSync(directory)[0]!), 0);
  expect(new SeccompPrograms(directory, silentLog).programFor(profile(["read"]))).toBe(program!);
});

test("SeccompPrograms leaves to the runtime what only the runtime can do", () => {
  const programs = new SeccompPrograms(directory, silentLog);
  expect(programs.programFor({ ...profile(["read"]), defaultAction: "SCMP_ACT_NOTIFY" })).toBeUndefined();
  expect(programs.programFor({ ...profile(["read"]), architectures: ["SCMP_ARCH_S390X"] })).toBeUndefined();
  expect(programs.programFor({ ...profile(["read"]), flags: ["SECCOMP_FILTER_FLAG_LOG"] })).toBeUndefined();
  const bad = {
    names: ["read"],
    action: "SCMP_ACT_ALLOW",
    args: [{ index: 0, op: "SCMP_CMP_ODD", value: 1 }],
  } as const;
  expect(
    programs.programFor({ ...profile([]), syscalls: [{ ...bad, names: ["read"], args: [...bad.args] }] }),
  ).toBeUndefined();
});
