/**
 * Pulls beside dockerd, in one run, in namespaces of its own:
 * `sudo bun bench/images.ts [--rounds 5] [--only pull|large] [--rootfs FILE.tar] [--engines docker,…] [--large-bytes 2e9] [--json FILE]`.
 * With a root file system, such as debootstrap makes, an image of it is pulled instead of the five layers.
 * Each engine has an ext4 with a journal of its own, on a loop device over a file in memory: no disk's mood is measured.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { dirname, join } from "node:path";
import { startDockerRegistry } from "../src/registry/_testing/docker-registry.ts";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines, wharfWithErofs } from "./engines.ts";
import { type ImageSet, makeImageSet, makeLargeImage, makeRootfsImage, uploadImageSet } from "./image-set.ts";
import { cpuMs, median, timeCommand } from "./measure.ts";
import { option } from "./set-up.ts";
import { watchMemory, watchPing } from "./watch.ts";

const REGISTRY = "127.0.0.1:5000";
const IMAGE = `${REGISTRY}/bench/five:latest`;
const ROOTFS = `${REGISTRY}/bench/rootfs:latest`;
const LARGE = `${REGISTRY}/bench/large:latest`;
/** Room for two copies of the largest image, blob and files. */
const FILE_SYSTEM_BYTES = 8e9;

type Row = Record<string, number | undefined>;

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  Bun.spawnSync(["mount", "-o", "remount,size=90%", "/tmp"]);
  const directory = mkdtempSync("/tmp/wharf-images-");
  await using _registry = await startDockerRegistry({
    directory: join(directory, "registry"),
    address: REGISTRY,
  });
  const rootfs = option("--rootfs");
  const blobs = join(directory, "blobs");
  const set = rootfs ? await makeRootfsImage(blobs, rootfs) : await makeImageSet(blobs);
  await uploadImageSet(`http://${REGISTRY}`, rootfs ? "bench/rootfs" : "bench/five", set);
  const both = findEngines(directory).filter(({ name }) => name === "wharf (crun)" || name === "docker");
  const names = option("--engines")?.split(",");
  const engines = [...both, wharfWithErofs(directory)].filter(({ name }) => names?.includes(name) ?? true);
  for (const engine of engines) {
    mountOwn(engine.root);
    await engine.start();
  }
  const result: Record<string, Row> = {};
  if (wants("pull")) Object.assign(result, await measurePulls(engines, rootfs ? ROOTFS : IMAGE));
  if (wants("large")) {
    const bytes = Number(option("--large-bytes") ?? 2e9);
    Bun.spawnSync(["rm", "-rf", join(directory, "blobs")]);
    const large = await makeLargeImage(join(directory, "blobs"), bytes);
    await uploadImageSet(`http://${REGISTRY}`, "bench/large", large);
    Bun.spawnSync(["rm", "-rf", join(directory, "blobs")]);
    Object.assign(result, await measureLarge(engines));
  }
  for (const engine of engines) await engine.stop();
  const facts = machineFacts(set);
  console.log(`${facts}\n\n${table(result, engines)}`);
  const json = option("--json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ facts, result }, null, 2)}\n`);
  return 0;
}

async function measurePulls(engines: readonly Engine[], image: string): Promise<Record<string, Row>> {
  const rounds = Number(option("--rounds") ?? 5);
  const none = () => Object.fromEntries(engines.map(({ name }) => [name, [] as number[]]));
  const [cold, cpu, again, pings] = [none(), none(), none(), none()];
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      await settle();
      const before = cpuMs([pidOf(engine)]);
      const ping = watchPing(socketOf(engine));
      cold[engine.name]!.push(await timeAside(engine.command("pull", "-q", image), engine));
      pings[engine.name]!.push(...(await ping.stop()));
      cpu[engine.name]!.push(cpuMs([pidOf(engine)]) - before);
      for (let times = 0; times < 3; times++)
        again[engine.name]!.push(timeCommand(engine.command("pull", "-q", image), engine));
      timeCommand(engine.command("rmi", image), engine);
      console.error(`${engine.name}: ${cold[engine.name]!.at(-1)!.toFixed(0)} ms`);
    }
  }
  return {
    "cold pull, ms": mapRow(cold, median),
    "its processor time, helpers included, ms": mapRow(cpu, median),
    "pull of what is here, ms": mapRow(again, median),
    "/_ping during a pull, median, ms": mapRow(pings, (all) => quantile(all, 0.5)),
    "/_ping during a pull, 99th percentile, ms": mapRow(pings, (all) => quantile(all, 0.99)),
  };
}

async function measureLarge(engines: readonly Engine[]): Promise<Record<string, Row>> {
  const times: Row = {};
  const daemon: Row = {};
  const tree: Row = {};
  for (const engine of engines) {
    await settle();
    const memory = watchMemory(pidOf(engine), () => engine.memoryKiB() ?? 0);
    times[engine.name] = await timeAside(engine.command("pull", "-q", LARGE), engine);
    const peak = memory.stop();
    daemon[engine.name] = peak.daemonKiB / 1024;
    tree[engine.name] = peak.treeKiB / 1024;
    timeCommand(engine.command("rmi", LARGE), engine);
  }
  return {
    "pull of one large layer, ms": times,
    "daemon's peak PSS meanwhile, MiB": daemon,
    "peak PSS of the daemon and its helpers, MiB": tree,
  };
}

/** Wall time of a command while this process goes on with its own work. */
async function timeAside(argv: readonly string[], engine: Engine): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([...argv], {
    env: engine.env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const words = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${argv.join(" ")}: ${words}`);
  return performance.now() - started;
}

/** What the round before deleted is deleted, and written. */
async function settle(): Promise<void> {
  Bun.spawnSync(["sync"]);
  await Bun.sleep(1500);
  Bun.spawnSync(["sync"]);
}

function mountOwn(at: string): void {
  mkdirSync(at);
  const file = `${at}.ext4`;
  const script =
    'truncate -s "$1" "$2" && mkfs.ext4 -q -F -E lazy_itable_init=0 "$2" && mount -o loop "$2" "$3"';
  timeCommand(["sh", "-c", script, "mount", String(FILE_SYSTEM_BYTES), file, at], {
    env: process.env as Record<string, string>,
  });
}

function socketOf({ env }: Engine): string {
  return env.DOCKER_HOST!.slice("unix://".length);
}

function pidOf(engine: Engine): number {
  return Number(readFileSync(join(dirname(socketOf(engine)), "pid"), "utf8"));
}

function mapRow(all: Record<string, number[]>, one: (values: readonly number[]) => number): Row {
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, one(values)]));
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
}

function machineFacts(set: ImageSet): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return [
    `${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, Linux ${release()}, load ${loadavg()[0]!.toFixed(2)} at the end`,
    `image of ${set.blobs.length - 1} layers: ${mb(set.compressedBytes)} compressed, ${mb(set.unpackedBytes)} unpacked, ${set.files} files; docker-registry on loopback`,
    `each engine on its own ext4 (journal) over a file in memory; igzip ${Bun.which("igzip") ? "installed" : "absent"}, pigz ${Bun.which("unpigz") ? "installed" : "absent"}`,
  ].join("\n");
}

function table(result: Record<string, Row>, engines: readonly Engine[]): string {
  const names = engines.map(({ name }) => name);
  const cell = (row: Row, name: string) => {
    const value = row[name];
    if (value === undefined) return "–";
    const shown = value >= 100 ? value.toFixed(0) : value.toFixed(1);
    return name === "docker" || row.docker === undefined
      ? shown
      : `${shown} (${(value / row.docker).toFixed(2)}×)`;
  };
  const lines = Object.entries(result).map(
    ([name, row]) => `| ${name} | ${names.map((each) => cell(row, each)).join(" | ")} |`,
  );
  return [`| work | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`, ...lines].join("\n");
}

function wants(part: string): boolean {
  const only = option("--only");
  return only === undefined || only === part;
}

process.exit(await main());
