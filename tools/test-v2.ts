/**
 * Runs tests on control groups v2 and an older kernel, whatever this host has: in an emulated virtual machine of Debian's
 * cloud kernel, on this host's files, which it can only read. Ends with the line "N passed, N failed".
 * Usage: bun tools/test-v2.ts [--systemd] [paths instead of the usual ones] [bun test arguments …]; words without
 * spaces. With --systemd the machine's first process is systemd, and the engine runs as its service.
 */
import { join } from "node:path";
import { testProgram } from "../test/helpers/programs.ts";
import { runInVm } from "../test/vm/boot.ts";
import { isHermetic, rerunHermetic } from "./hermetic.ts";

const root = join(import.meta.dir, "..");
/** It takes minutes on two idle processors, and several times that on busy ones. At this the machine is ended. */
const DEADLINE_MS = 45 * 60_000;
const SYSTEMD = "--systemd";

/** What another version of control groups or another kernel could break. */
const PATHS = [
  "test/vm",
  "test/engine/flags-update.test.ts",
  "test/engine/quota.test.ts",
  "test/engine/volumes-quota.test.ts",
  "src/storage/snapshot/quota.test.ts",
  "src/volumes/drivers/quotas.test.ts",
  "src/kernel/cgroup",
];

async function main(words: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("this needs root: it makes namespaces and mounts");
  if (isHermetic()) return await runGuest(words[0]!, words.slice(1));
  await testProgram("netcheck"); // an emulated compiler takes a minute
  return rerunHermetic(import.meta.path, [setUp(), ...words]);
}

/** @returns the directory of kernel and initramfs */
function setUp(): string {
  const { exitCode, stdout } = Bun.spawnSync(["sh", join(root, "test/vm/setup.sh")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  if (exitCode !== 0) throw new Error("the virtual machine could not be set up");
  return stdout.toString().trim();
}

async function runGuest(image: string, asked: readonly string[]): Promise<number> {
  const isSystemd = asked[0] === SYSTEMD;
  const words = isSystemd ? asked.slice(1) : asked;
  const paths = isSystemd ? ["test/vm/systemd.test.ts"] : PATHS;
  const started = performance.now();
  let tally = "0 passed, 1 failed";
  const exitCode = await runInVm({
    image,
    project: root,
    command: [
      ...(isSystemd ? ["systemd"] : []),
      ...["/bin/sh", join(root, "test/vm/guest.sh")],
      ...(words.length > 0 ? words : paths),
    ],
    deadlineMs: DEADLINE_MS,
    onLine: (line) => {
      if (/^\d+ passed, \d+ failed/.test(line)) tally = line;
      else console.log(line);
    },
  });
  if (exitCode === undefined) console.log("the virtual machine ended, or was ended, before its tests did");
  console.log(`took ${((performance.now() - started) / 1000).toFixed(0)} s\n${tally}`);
  return exitCode ?? 1;
}

process.exit(await main(process.argv.slice(2)));
