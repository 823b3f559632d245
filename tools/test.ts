/**
 * Runs the tests in namespaces of their own and ends with the line "N passed, N failed".
 * Usage: bun tools/test.ts [unit | engine | all] [paths instead of all of it] [bun test arguments …]; default all.
 *
 * As root the whole run happens under unshare: own mounts (tmpfs on /run and /tmp), network, processes. Without root
 * only what needs none runs; the other tests skip themselves and say why.
 */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { splitLines } from "../src/base/streams.ts";
import { Failures } from "./failures.ts";
import { isHermetic, RUN, rerunHermetic } from "./hermetic.ts";

const root = join(import.meta.dir, "..");
const SUITES = {
  unit: ["src", "tools", "shim"],
  engine: ["test"],
  all: ["src", "tools", "shim", "test"],
} as const;
type Suite = keyof typeof SUITES;

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How many times longer tests may take on this machine than usual. */
const PATIENCE = Number(process.env.WHARF_TEST_PATIENCE ?? 1);

const FORGOTTEN_MS = 3 * 60 * 60_000;
const LEFT_BEHIND_MS = 3000;
const LINE_BYTES_MAX = 64 << 20;

/** Where tools/setup/peers.sh puts other projects' programs that the host does not have. */
const PEERS = join(root, ".cache/peers/usr/bin");

async function main(): Promise<number> {
  process.env.PATH = `${process.env.PATH}:${PEERS}`;
  const words = process.argv.slice(2);
  const suite: Suite = words[0] !== undefined && words[0] in SUITES ? (words.shift() as Suite) : "all";
  if (process.getuid?.() === 0 && !isHermetic()) {
    const exitCode = rerunHermetic(import.meta.path, [suite, ...words]);
    removeTestCgroups();
    return exitCode;
  }
  const tally = await runSuite(suite, words);
  console.log(
    `${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ""}`,
  );
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

async function runSuite(suite: Suite, extra: readonly string[]): Promise<Tally> {
  const report = join(mkdtempSync(join(tmpdir(), "wharf-junit-")), "junit.xml");
  const chosen = extra.filter((word) => existsSync(join(root, word)));
  const missing = extra.filter((word, i) => isPath(word) && extra[i - 1] !== "-t" && !chosen.includes(word));
  if (missing.length > 0) throw new Error(`no such file or folder: ${missing.join(", ")}`);
  const paths = (chosen.length > 0 ? chosen : SUITES[suite]).map((path) => `./${path}`);
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      `--timeout=${120_000 * PATIENCE}`,
      `--parallel=${Math.max(2, Math.min(4, cpus().length))}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...paths,
      ...extra.filter((word) => !chosen.includes(word)),
    ],
    { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const failures = new Failures();
  const shown = Promise.all([child.stdout, child.stderr].map((stream) => show(stream, failures)));
  await child.exited;
  // What a failed test left behind may hold the streams open: it ends only with the namespace.
  await Promise.race([shown, Bun.sleep(LEFT_BEHIND_MS)]);
  for (const line of failures.summary()) console.log(line);
  const tally = readTally(report);
  rmSync(report, { force: true });
  if (child.exitCode !== 0) thawTestCgroups();
  // A crashed runner may leave a report without failures: its exit code still counts as one.
  return child.exitCode !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function isPath(word: string): boolean {
  return !word.startsWith("-") && (word.includes("/") || word.endsWith(".ts"));
}

async function show(stream: ReadableStream<Uint8Array<ArrayBuffer>>, failures: Failures): Promise<void> {
  for await (const line of splitLines(stream, LINE_BYTES_MAX)) {
    console.log(line);
    failures.add(line);
  }
}

function readTally(report: string): Tally {
  const head = existsSync(report) ? /<testsuites [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] : undefined;
  if (head === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

/** What a failed test left paused cannot be killed, and would keep the namespace, and us, from ending. */
function thawTestCgroups(): void {
  const groups = new Bun.Glob(`{freezer/,}wharf-test-${RUN}-*/**/{freezer.state,cgroup.freeze}`);
  for (const file of groups.scanSync({ cwd: "/sys/fs/cgroup", onlyFiles: true })) {
    try {
      writeFileSync(join("/sys/fs/cgroup", file), file.endsWith("freezer.state") ? "THAWED" : "0");
    } catch {
      // gone meanwhile
    }
  }
}

/** Processes die with their namespace, but groups of cgroup v1 stay: tests name theirs wharf-test-RUN-…. */
function removeTestCgroups(): void {
  const base = "/sys/fs/cgroup";
  if (!existsSync(base)) return;
  const hierarchies = [
    base,
    ...readdirSync(base, { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => join(base, e.name)),
  ];
  for (const hierarchy of hierarchies) {
    for (const entry of readdirSync(hierarchy, { withFileTypes: true })) {
      const path = join(hierarchy, entry.name);
      if (entry.isDirectory() && (entry.name.startsWith(`wharf-test-${RUN}-`) || isForgotten(path)))
        removeGroup(path);
    }
  }
}

/** A run that was killed could not take its groups along. */
function isForgotten(path: string): boolean {
  if (!basename(path).startsWith("wharf-test-")) return false;
  const found = statSync(path, { throwIfNoEntry: false }); // another run may be removing its own
  return found !== undefined && Date.now() - found.ctimeMs > FORGOTTEN_MS;
}

function removeGroup(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroup(join(path, entry.name));
    }
    rmdirSync(path);
  } catch {
    // still dying, and the next run sweeps it; or another run did
  }
}

process.exit(await main());
