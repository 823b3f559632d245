/**
 * wharf beside Docker and Podman, in one run, in namespaces of its own: `bun run bench [--rounds 15] [--json FILE]`.
 * Engines that are not installed are left out. Prints a table; ratios are against docker.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines } from "./engines.ts";
import { median, memAvailableKiB, pidsOf, pssKiB, timeCommand } from "./measure.ts";
import { removeFifty, rows, startFifty } from "./rows.ts";
import { makeBusyboxArchive, option } from "./set-up.ts";
import { streamRows } from "./stream-rows.ts";

type Result = Record<string, Record<string, number | undefined>>;

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root: sudo npm run bench");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  // Podman's crun refuses to run beside the empty cgroup2 tree of a hybrid host; without it all engines see plain v1.
  Bun.spawnSync(["umount", "-l", "/sys/fs/cgroup/unified"], { stderr: "ignore" });
  const rounds = Number(option("--rounds") ?? 15);
  const only = option("--only");
  const directory = mkdtempSync("/tmp/wharf-bench-");
  const archive = makeBusyboxArchive(directory);
  const wanted = option("--engines")?.split(",");
  const engines = findEngines(directory).filter(
    ({ name }) => wanted?.some((part) => name.includes(part)) ?? true,
  );
  const result: Result = {};
  const starts: Record<string, number | undefined> = {};
  for (const engine of engines) {
    starts[engine.name] = await engine.start();
    timeCommand(engine.command("import", archive, "bench/busybox:latest"), engine);
    timeCommand(engine.command("run", "--rm", "bench/busybox:latest", "true"), engine);
  }
  const favorDynMods = readFileSync("/proc/self/cgroup", "utf8").includes("favordynmods");
  const idle = await idleMemory(engines);
  for (const row of [...rows(rounds), ...streamRows(rounds)]) {
    if (only !== undefined && !only.split(",").some((part) => row.name.includes(part))) continue;
    const times: Record<string, number[]> = Object.fromEntries(engines.map((engine) => [engine.name, []]));
    for (let round = 0; round < row.rounds; round++) {
      for (const engine of engines)
        if (!row.skip?.(engine)) times[engine.name]!.push(await row.measure(engine, round));
    }
    result[`${row.name}, ms`] = Object.fromEntries(
      Object.entries(times).map(([name, all]) => [name, all.length > 0 ? median(all) : undefined]),
    );
    console.error(`measured: ${row.name}`);
  }
  if (only === undefined) {
    result["daemon start to first answer, ms"] = starts;
    result["daemon idle, tree PSS, MiB"] = idle;
    Object.assign(result, await measureMemory(engines));
  }
  for (const engine of engines) await engine.stop();
  const facts = machineFacts(favorDynMods);
  console.log(`${facts}\n\n${table(result, engines)}`);
  const json = option("--json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ facts, result }, null, 2)}\n`);
  return 0;
}

/** Whole process trees some seconds after the first container, MiB. */
async function idleMemory(engines: readonly Engine[]): Promise<Record<string, number | undefined>> {
  await Bun.sleep(3000);
  return Object.fromEntries(engines.map((engine) => [engine.name, mebibytes(engine.memoryKiB())]));
}

async function measureMemory(engines: readonly Engine[]): Promise<Result> {
  const busy: Record<string, number | undefined> = {};
  const each: Record<string, number | undefined> = {};
  const supervisors: Record<string, number | undefined> = {};
  for (const engine of engines) {
    const before = settledMemAvailableKiB();
    await startFifty(engine, "m");
    await Bun.sleep(2000);
    each[engine.name] = (before - settledMemAvailableKiB()) / 50;
    supervisors[engine.name] = pidsOf(engine.supervisor).reduce((sum, pid) => sum + pssKiB(pid), 0) / 50;
    busy[engine.name] = mebibytes(engine.memoryKiB());
    removeFifty(engine, "m");
  }
  return {
    "daemon with 50 containers, tree PSS, MiB": busy,
    "supervisor of each container, PSS, KiB": supervisors,
    "per container, MemAvailable, KiB": each,
  };
}

function mebibytes(kibibytes: number | undefined): number | undefined {
  return kibibytes === undefined ? undefined : kibibytes / 1024;
}

/** Without caches, which come and go by themselves. */
function settledMemAvailableKiB(): number {
  Bun.spawnSync(["sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches"]);
  return memAvailableKiB();
}

function machineFacts(favorDynMods: boolean): string {
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${date}: ${cpus().length} cores, ${memory} GiB, Linux ${release()}, load ${loadavg()[0]!.toFixed(2)} at the end`,
    `favordynmods ${favorDynMods ? "on (machine-wide: wharf asks for it at start, every engine gains)" : "off"}`,
    `engine roots on tmpfs; igzip ${Bun.which("igzip") ? "installed" : "absent"}, pigz ${Bun.which("unpigz") ? "installed" : "absent"}`,
  ].join("\n");
}

function table(result: Result, engines: readonly Engine[]): string {
  const names = engines.map((engine) => engine.name);
  const cell = (row: Record<string, number | undefined>, name: string) => {
    const value = row[name];
    if (value === undefined) return "–";
    const base = row.docker;
    const shown = value >= 100 ? value.toFixed(0) : value.toFixed(1);
    return base === undefined || name === "docker" ? shown : `${shown} (${(value / base).toFixed(2)}×)`;
  };
  const lines = Object.entries(result).map(
    ([name, row]) => `| ${name} | ${names.map((n) => cell(row, n)).join(" | ")} |`,
  );
  return [`| work | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`, ...lines].join("\n");
}

process.exit(await main());
