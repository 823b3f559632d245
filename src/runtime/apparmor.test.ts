import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { silentLog } from "#base/log.ts";
import { run } from "#base/spawn.ts";
import { isLoaded, loadDefaultProfile, profileText } from "./apparmor.ts";

/** Without the kernel's own list of features the parser cannot compile anything. */
const canParse = existsSync("/sys/kernel/security/apparmor/features");
const parser = canParse ? Bun.which("apparmor_parser") : null;

test("isLoaded() finds whole names in any mode", () => {
  const profiles = "docker-default (enforce)\nmine (complain)\nlsb_release (enforce)\n";
  expect([isLoaded(profiles, "docker-default"), isLoaded(profiles, "mine")]).toEqual([true, true]);
  expect([isLoaded(profiles, "docker"), isLoaded("", "mine")]).toEqual([false, false]);
});

test("loadDefaultProfile() does nothing where the kernel has no AppArmor", async () => {
  expect(await loadDefaultProfile(false, silentLog)).toBeUndefined();
});

test.skipIf(!parser)("profileText() is one that the parser understands", async () => {
  const { exitCode } = await run([parser!, "--skip-kernel-load", "--skip-cache"], {
    input: profileText("wharf-test"),
  });
  expect(exitCode).toBe(0);
});
