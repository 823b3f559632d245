/**
 * Pushes beside dockerd, in one run, in namespaces of its own:
 * `sudo bun bench/push.ts [--rounds 3] [--only pulled|loaded] [--json FILE]`.
 * Every push goes to a registry that is new and empty, on loopback.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { startDockerRegistry } from "../src/registry/_testing/docker-registry.ts";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines } from "./engines.ts";
import { type ImageSet, makeImageSet, uploadImageSet } from "./image-set.ts";
import { median, timeCommand } from "./measure.ts";
import { option } from "./set-up.ts";

const SOURCE = "127.0.0.1:5000";
const IMAGE = `${SOURCE}/bench/five:latest`;
let nextPort = 5001;

type Row = Record<string, number>;

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  Bun.spawnSync(["mount", "-o", "remount,size=90%", "/tmp"]);
  const directory = mkdtempSync("/tmp/wharf-push-");
  const engines = findEngines(directory).filter(({ name }) => name === "wharf (crun)" || name === "docker");
  const set = await prepare(directory, engines);
  const rounds = Number(option("--rounds") ?? 3);
  const pulled = (engine: Engine) => pushCold(directory, engine);
  const loaded = async (engine: Engine) => {
    quietly(engine, "rmi", "-f", IMAGE);
    quietly(engine, "load", "-i", join(directory, "five.tar"));
    return await pushCold(directory, engine);
  };
  const result: Record<string, Row> = {};
  for (const [name, work] of Object.entries({ pulled, loaded }))
    if ((option("--only") ?? name) === name)
      result[`push what was ${name}, ms`] = await measure(engines, rounds, work);
  for (const engine of engines) await engine.stop();
  const facts = machineFacts(set);
  console.log(`${facts}\n\n${table(result, engines)}`);
  const json = option("--json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ facts, result }, null, 2)}\n`);
  rmSync(directory, { recursive: true, force: true });
  return 0;
}

/** All engines pull the image; docker saves it with layers that are not compressed. */
async function prepare(directory: string, engines: readonly Engine[]): Promise<ImageSet> {
  await using _source = await startDockerRegistry({ directory: join(directory, "source"), address: SOURCE });
  const set = await makeImageSet(join(directory, "blobs"));
  await uploadImageSet(`http://${SOURCE}`, "bench/five", set);
  for (const engine of engines) {
    await engine.start();
    quietly(engine, "pull", "-q", IMAGE);
    if (engine.name === "docker") quietly(engine, "save", "-o", join(directory, "five.tar"), IMAGE);
  }
  return set;
}

/** @returns milliseconds of a push to a registry nobody has seen before */
async function pushCold(directory: string, engine: Engine): Promise<number> {
  const address = `127.0.0.1:${nextPort++}`;
  const root = join(directory, `registry-${address}`);
  mkdirSync(root);
  const registry = await startDockerRegistry({ directory: root, address });
  const name = `${address}/five:latest`;
  quietly(engine, "tag", IMAGE, name);
  const ms = timeCommand(engine.command("push", "-q", name), engine);
  quietly(engine, "rmi", name);
  await registry[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
  return ms;
}

async function measure(
  engines: readonly Engine[],
  rounds: number,
  work: (engine: Engine) => Promise<number>,
): Promise<Row> {
  const times: Record<string, number[]> = Object.fromEntries(engines.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const engine of engines) times[engine.name]!.push(await work(engine));
  console.error(JSON.stringify(times));
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

function quietly(engine: Engine, ...args: string[]): void {
  timeCommand(engine.command(...args), engine);
}

function machineFacts({ files, compressedBytes, unpackedBytes }: ImageSet): string {
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  return [
    `${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, Linux ${release()}, load ${loadavg()[0]!.toFixed(2)} at the end`,
    `five layers, ${files} files, ${mega(compressedBytes)} compressed, ${mega(unpackedBytes)} unpacked; all on tmpfs`,
  ].join("\n");
}

function table(result: Record<string, Row>, engines: readonly Engine[]): string {
  const names = engines.map(({ name }) => name);
  const cell = (row: Row, name: string) =>
    `${row[name]!.toFixed(0)}${name === "docker" || !row.docker ? "" : ` (${(row[name]! / row.docker).toFixed(2)}×)`}`;
  const lines = Object.entries(result).map(
    ([work, row]) => `| ${work} | ${names.map((name) => cell(row, name)).join(" | ")} |`,
  );
  return [`| work | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`, ...lines].join("\n");
}

process.exit(await main());
