/**
 * Many containers beside dockerd, in one run, in namespaces of its own:
 * `sudo bun bench/life.ts [--running 200] [--created 1000] [--json FILE]`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines } from "./engines.ts";
import { median, pidsOf, pssKiB, timeCommand } from "./measure.ts";
import { IMAGE } from "./rows.ts";
import { makeBusyboxArchive, option } from "./set-up.ts";

const SLEEP = ["sleep", "100000"];
const ROUNDS = 3;
const PARALLEL = 32;
const PARALLEL_RUNS = 128;
const IDLE_CONTAINERS = 50;
const IDLE_MS = 10_000;
/** What starts have left to do is done by then: garbage, pages to give back. */
const REST_MS = 40_000;
const NANOS_PER_MS = 1e6;

type Row = Record<string, number>;

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  Bun.spawnSync(["umount", "-l", "/sys/fs/cgroup/unified"], { stderr: "ignore" });
  Bun.spawnSync(["mount", "-o", "remount,size=90%", "/tmp"]);
  const running = Number(option("--running") ?? 200);
  const created = Number(option("--created") ?? 1000);
  const directory = mkdtempSync("/tmp/wharf-life-");
  const archive = makeBusyboxArchive(directory);
  const engines = findEngines(directory).filter(({ name }) => name === "wharf (crun)" || name === "docker");
  const result: Record<string, Row> = {};
  const note = (row: string, engine: Engine, value: number) => {
    result[row] = { ...result[row], [engine.name]: value };
    console.error(`${engine.name}: ${row}: ${value.toFixed(1)}`);
  };
  for (const engine of engines) {
    await engine.start();
    quietly(engine, "import", archive, IMAGE);
    quietly(engine, "run", "--rm", IMAGE, "true");
  }
  // Engines alternate, so that what else the machine does hits both.
  const runs = await alternate(engines, ROUNDS, parallelRuns);
  for (const [engine, rounds] of runs) {
    const name = `run --rm of ${PARALLEL_RUNS}, ${PARALLEL} at a time`;
    note(`${name}, p99, ms`, engine, median(rounds.map((times) => percentile(times, 0.99))));
    note(`${name}, median, ms`, engine, median(rounds.map(median)));
  }
  for (const engine of engines)
    note(`create of ${created}, through the API, ms`, engine, await createMany(engine, created));
  const lists = await alternate(engines, 15, async (engine) =>
    timeCommand(engine.command("ps", "-a"), engine),
  );
  for (const [engine, times] of lists) note(`ps -a over ${created}, ms`, engine, median(times));
  for (const engine of engines) {
    quietly(engine, "container", "prune", "-f");
    await Bun.sleep(2000);
    const before = daemonKiB(engine);
    await startMany(engine, IDLE_CONTAINERS);
    await Bun.sleep(3000);
    const idle = `idle CPU with ${IDLE_CONTAINERS} containers`;
    note(`${idle}, seconds after their start, ms per second`, engine, await idleCpu(engine));
    await Bun.sleep(REST_MS);
    note(`${idle}, at rest, ms per second`, engine, await idleCpu(engine));
    await startMany(engine, running - IDLE_CONTAINERS);
    await Bun.sleep(5000);
    note(
      `daemon's growth with ${running} running, PSS, KiB each`,
      engine,
      (daemonKiB(engine) - before) / running,
    );
    removeAll(engine);
  }
  for (const engine of engines) await engine.stop();
  const facts = `${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, Linux ${release()}, load ${loadavg()[0]!.toFixed(2)} at the end; engine roots on tmpfs`;
  console.log(`${facts}\n\n${table(result, engines)}`);
  const json = option("--json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ facts, result }, null, 2)}\n`);
  rmSync(directory, { recursive: true, force: true });
  return 0;
}

const quietly = (engine: Engine, ...args: string[]) => void timeCommand(engine.command(...args), engine);

/** Every engine in every round. */
async function alternate<T>(
  engines: readonly Engine[],
  rounds: number,
  measure: (engine: Engine) => Promise<T>,
): Promise<[Engine, T[]][]> {
  const results = engines.map((engine): [Engine, T[]] => [engine, []]);
  for (let round = 0; round < rounds; round++)
    for (const [engine, values] of results) values.push(await measure(engine));
  return results;
}

/** @returns milliseconds of each client, start to end */
async function parallelRuns(engine: Engine): Promise<number[]> {
  const times: number[] = [];
  let left = PARALLEL_RUNS;
  const worker = async () => {
    while (left-- > 0) {
      const started = performance.now();
      await spawn(engine, ["run", "--rm", IMAGE, "true"]);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return times;
}

async function startMany(engine: Engine, count: number): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await spawn(engine, ["run", "-d", IMAGE, ...SLEEP]);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

async function spawn(engine: Engine, args: readonly string[]): Promise<void> {
  const child = Bun.spawn(engine.command(...args), {
    env: engine.env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const words = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${args.join(" ")}: ${words}`);
}

/** One after the other on one connection: the engine's time, not that of a thousand clients. */
async function createMany(engine: Engine, count: number): Promise<number> {
  const unix = engine.env.DOCKER_HOST!.slice("unix://".length);
  const body = JSON.stringify({ Image: IMAGE, Cmd: SLEEP });
  const headers = { "Content-Type": "application/json" };
  const started = performance.now();
  for (let i = 0; i < count; i++) {
    const url = `http://engine/v1.41/containers/create?name=made${i}`;
    const response = await fetch(url, { unix, method: "POST", headers, body });
    if (response.status !== 201) throw new Error(await response.text());
    await response.arrayBuffer();
  }
  return performance.now() - started;
}

function removeAll(engine: Engine): void {
  const listed = Bun.spawnSync(engine.command("ps", "-aq"), { env: engine.env });
  const ids = listed.stdout.toString().trim().split("\n");
  for (let at = 0; at < ids.length; at += 50) quietly(engine, "rm", "-f", ...ids.slice(at, at + 50));
}

/** The daemon and, for docker, its containerd; not the supervisors of single containers. */
function daemonPids(engine: Engine): number[] {
  const socket = engine.env.DOCKER_HOST!;
  const daemon = pidsOf(`-H ${socket}`);
  return engine.name === "docker" ? [...daemon, ...pidsOf("containerd --config")] : daemon;
}

function daemonKiB(engine: Engine): number {
  return daemonPids(engine).reduce((sum, pid) => sum + pssKiB(pid), 0);
}

/** Daemon and supervisors together. @returns milliseconds of CPU time in each second */
async function idleCpu(engine: Engine): Promise<number> {
  const pids = [...daemonPids(engine), ...pidsOf(engine.supervisor)];
  const before = new Map(pids.flatMap(threadTimes));
  await Bun.sleep(IDLE_MS);
  const grown = pids.flatMap(threadTimes).map(([thread, nanos]) => nanos - (before.get(thread) ?? 0));
  return grown.reduce((sum, nanos) => sum + nanos, 0) / NANOS_PER_MS / (IDLE_MS / 1000);
}

/** In nanoseconds, as hundredths of a second hide what an idle process does; of threads, as the file tells of one. */
function threadTimes(pid: number): [thread: string, nanos: number][] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => {
      const times = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
      return [`${pid}/${thread}`, Number(times.split(" ", 1)[0])];
    });
  } catch {
    return []; // ended meanwhile
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!;
}

function table(result: Record<string, Row>, engines: readonly Engine[]): string {
  const names = engines.map(({ name }) => name);
  const cell = (row: Row, name: string) => {
    const value = row[name];
    if (value === undefined) return "–";
    const base = row.docker;
    const ratio = base && name !== "docker" ? ` (1/${(base / Math.max(value, 0.001)).toFixed(1)})` : "";
    return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)}${ratio}`;
  };
  const lines = Object.entries(result).map(
    ([name, row]) => `| ${name} | ${names.map((engine) => cell(row, engine)).join(" | ")} |`,
  );
  return [`| work | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`, ...lines].join("\n");
}

process.exit(await main());
