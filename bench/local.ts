/**
 * Images and files on one machine beside dockerd: load, save, rmi, commit and cp, with the stock docker client for both:
 * `sudo bun bench/local.ts [--rounds 3] [--only TEXT] [--json FILE]`. Each engine has an ext4 with a journal of its own,
 * on a loop device over a file in memory.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { dirname, join } from "node:path";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines } from "./engines.ts";
import { type ImageSet, makeImageSet } from "./image-set.ts";
import { median, timeCommand } from "./measure.ts";
import { makeBusyboxArchive, option } from "./set-up.ts";

const IMAGE = "bench/five:latest";
const BUSYBOX = "bench/busybox:latest";
const FILE_SYSTEM_BYTES = 6e9;
const LARGE_BYTES = 500 << 20;

type Row = Record<string, number>;

interface Bench {
  readonly directory: string;
  readonly engines: readonly Engine[];
  readonly rounds: number;
  readonly facts: string[];
  readonly rows: Record<string, Row>;
}

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  Bun.spawnSync(["umount", "-l", "/sys/fs/cgroup/unified"], { stderr: "ignore" });
  Bun.spawnSync(["mount", "-o", "remount,size=90%", "/tmp"]);
  const directory = mkdtempSync("/tmp/wharf-local-");
  const busybox = makeBusyboxArchive(directory);
  const engines = findEngines(directory).filter(({ name }) => name === "wharf (crun)" || name === "docker");
  for (const engine of engines) {
    mountOwn(directory, engine.name === "docker" ? "docker" : "wharf-crun");
    await engine.start();
    countCpu(engine);
    quietly(engine, "import", busybox, BUSYBOX);
  }
  const bench: Bench = { directory, engines, rounds: Number(option("--rounds") ?? 3), facts: [], rows: {} };
  for (const [name, part] of Object.entries(PARTS))
    if ((option("--only") ?? name) === name) await part(bench);
  for (const engine of engines) await engine.stop();
  report(bench);
  return 0;
}

const PARTS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  archives: measureArchives,
  commit: measureCommit,
  cp: measureCopies,
};

async function measureArchives(bench: Bench): Promise<void> {
  bench.facts.push(writeArchive(bench.directory, await makeImageSet(join(bench.directory, "blobs"))));
  const compressed = join(bench.directory, "image.tar");
  const plain = join(bench.directory, "plain.tar");
  const saved = join(bench.directory, "saved.tar");
  const docker = bench.engines.find(({ name }) => name === "docker");
  if (docker) {
    quietly(docker, "load", "-qi", compressed);
    quietly(docker, "save", "-o", plain, IMAGE);
    quietly(docker, "rmi", IMAGE);
  }
  await each(bench, async (engine, note) => {
    await settle();
    const cpu = watchCpu(engine);
    note("load, compressed layers", timed(engine, "load", "-qi", compressed));
    note("load, compressed layers: CPU time", cpu());
    await settle();
    note("save", timed(engine, "save", "-o", saved, IMAGE));
    rmSync(saved);
    note("rmi", timed(engine, "rmi", IMAGE));
    if (!docker) return;
    await settle();
    const cpuPlain = watchCpu(engine);
    note("load, plain layers", timed(engine, "load", "-qi", plain));
    note("load, plain layers: CPU time", cpuPlain());
    await settle();
    note("save, of plain layers", timed(engine, "save", "-o", saved, IMAGE));
    rmSync(saved);
    quietly(engine, "rmi", IMAGE);
  });
}

async function measureCommit(bench: Bench): Promise<void> {
  for (const engine of bench.engines) {
    quietly(engine, "run", "-d", "--name", "small", BUSYBOX, "sh", "-c", "echo x >/x; sleep 10000");
    const files = "mkdir /many; i=0; while [ $i -lt 4000 ]; do echo $i >/many/$i; i=$((i+1)); done";
    const large = "head -c 200000000 /dev/urandom >/large";
    quietly(engine, "run", "--name", "changed", BUSYBOX, "sh", "-c", `${files}; ${large}`);
  }
  await each(bench, async (engine, note) => {
    await settle();
    note("commit, one small file", timed(engine, "commit", "small", "made:1"));
    note("commit, 200 MB and 4,000 files", timed(engine, "commit", "changed", "made:2"));
    note("rmi of that", timed(engine, "rmi", "made:2"));
    quietly(engine, "rmi", "made:1");
  });
}

async function measureCopies(bench: Bench): Promise<void> {
  const large = join(bench.directory, "large");
  const small = join(bench.directory, "small");
  writeFileSync(small, "small");
  timeCommand(["sh", "-c", `head -c ${LARGE_BYTES} /dev/urandom >"$0"`, large], { env: environment() });
  for (const engine of bench.engines)
    quietly(engine, "run", "-d", "--name", "files", BUSYBOX, "sleep", "10000");
  await each(bench, async (engine, note) => {
    await settle();
    const cpuIn = watchCpu(engine);
    note("cp in, 500 MB", timed(engine, "cp", large, "files:/large"));
    note("cp in, 500 MB: CPU time", cpuIn());
    await settle();
    const cpuOut = watchCpu(engine);
    note("cp out, 500 MB", timed(engine, "cp", "files:/large", join(bench.directory, "out")));
    note("cp out, 500 MB: CPU time", cpuOut());
    rmSync(join(bench.directory, "out"));
    note("cp in, one small file", timed(engine, "cp", small, "files:/small"));
    note("cp out, one small file", timed(engine, "cp", "files:/small", join(bench.directory, "out")));
    note("export, 500 MB", timed(engine, "export", "-o", join(bench.directory, "out"), "files"));
    rmSync(join(bench.directory, "out"));
  });
}

/** Engines take turns, so that both meet the same noise; the median of the rounds counts. */
async function each(
  { engines, rounds, rows }: Bench,
  work: (engine: Engine, note: (row: string, ms: number) => void) => Promise<void>,
): Promise<void> {
  const all: Record<string, Record<string, number[]>> = {};
  for (let round = 0; round < rounds; round++)
    for (const engine of engines)
      await work(engine, (row, ms) => {
        all[row] ??= {};
        all[row][engine.name] ??= [];
        all[row][engine.name]!.push(ms);
      });
  for (const [row, times] of Object.entries(all))
    rows[row] = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
}

const CPU_ROOT = "/sys/fs/cgroup/cpuacct";

/** The engine and the helpers it will start, in a group that counts their time: it tells more than the wall clock on a busy machine. */
function countCpu(engine: Engine): void {
  const group = cpuGroup(engine);
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, "cgroup.procs"), readFileSync(join(dirname(socketOf(engine)), "pid"), "utf8"));
}

/** @returns milliseconds of all processors since, when called */
function watchCpu(engine: Engine): () => number {
  const now = () => Number(readFileSync(join(cpuGroup(engine), "cpuacct.usage"), "utf8")) / 1e6;
  const before = now();
  return () => now() - before;
}

function cpuGroup({ name }: Engine): string {
  return join(CPU_ROOT, `wharf-bench-local-${name.replace(/\W+/g, "-")}`);
}

function socketOf({ env }: Engine): string {
  return env.DOCKER_HOST!.slice("unix://".length);
}

/** The image as `docker save` of older engines writes it, layers compressed. */
function writeArchive(directory: string, set: ImageSet): string {
  const layers = set.blobs.slice(0, -1);
  const config = set.blobs.at(-1)!;
  const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const manifest = [
    { Config: name(config.path), RepoTags: [IMAGE], Layers: layers.map(({ path }) => name(path)) },
  ];
  const blobs = join(directory, "blobs");
  writeFileSync(join(blobs, "manifest.json"), JSON.stringify(manifest));
  const members = ["manifest.json", name(config.path), ...layers.map(({ path }) => name(path))];
  timeCommand(["tar", "-C", blobs, "-cf", join(directory, "image.tar"), ...members], { env: environment() });
  rmSync(blobs, { recursive: true });
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return `image of 5 layers: ${mb(set.compressedBytes)} compressed, ${mb(set.unpackedBytes)} unpacked, ${set.files} files`;
}

function mountOwn(directory: string, name: string): void {
  const at = join(directory, name);
  mkdirSync(at);
  const file = join(directory, `${name}.ext4`);
  const script =
    'truncate -s "$1" "$2" && mkfs.ext4 -q -F -E lazy_itable_init=0 "$2" && mount -o loop "$2" "$3"';
  timeCommand(["sh", "-c", script, "mount", String(FILE_SYSTEM_BYTES), file, at], { env: environment() });
}

/** What the step before deleted or wrote is done. */
async function settle(): Promise<void> {
  Bun.spawnSync(["sync"]);
  await Bun.sleep(1000);
  Bun.spawnSync(["sync"]);
}

function quietly(engine: Engine, ...args: string[]): void {
  timed(engine, ...args);
}

function timed(engine: Engine, ...args: string[]): number {
  return timeCommand(["docker", ...args], engine);
}

function environment(): Record<string, string> {
  return process.env as Record<string, string>;
}

function report({ engines, rows, facts: more }: Bench): void {
  const facts = [
    `${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, Linux ${release()}, load ${loadavg()[0]!.toFixed(2)} at the end`,
    ...more,
    "each engine on its own ext4 (journal) over a file in memory; docker's client for both; milliseconds",
  ].join("\n");
  const names = engines.map(({ name }) => name);
  const cell = (row: Row, name: string) =>
    name === "docker" || row.docker === undefined
      ? row[name]!.toFixed(0)
      : `${row[name]!.toFixed(0)} (${(row[name]! / row.docker).toFixed(2)}×)`;
  const lines = Object.entries(rows).map(
    ([row, values]) => `| ${row} | ${names.map((name) => cell(values, name)).join(" | ")} |`,
  );
  console.log(
    `${facts}\n\n| work | ${names.join(" | ")} |\n|---|${names.map(() => "---|").join("")}\n${lines.join("\n")}`,
  );
  const json = option("--json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ facts, rows }, null, 2)}\n`);
}

process.exit(await main());
