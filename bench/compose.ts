/**
 * `wharf compose` beside `docker compose` against dockerd: a project of twelve services with health-gated dependencies,
 * in one run, in namespaces of its own: `bun bench/compose.ts [--rounds 7] [--compose FILE] [--crossed]`. FILE is a stock
 * compose plugin; default: the one `docker` finds. With --crossed each client also drives the other engine, which tells
 * what is the client's and what the engine's.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines } from "./engines.ts";
import { median, timeCommand } from "./measure.ts";
import { makeBusyboxArchive, option } from "./set-up.ts";

const WHARF = join(import.meta.dir, "../dist/wharf");
const IMAGE = "bench/busybox:latest";

/** As a development setup has it; a stock dockerd of Debian knows no start interval. */
const HEALTH_INTERVAL = "200ms";

interface Contender {
  readonly name: string;
  readonly engine: Engine;
  readonly compose: readonly string[];
}

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  Bun.spawnSync(["umount", "-l", "/sys/fs/cgroup/unified"], { stderr: "ignore" });
  const rounds = Number(option("--rounds") ?? 7);
  const directory = mkdtempSync("/tmp/wharf-bench-compose-");
  const archive = makeBusyboxArchive(directory);
  const file = join(directory, "compose.yaml");
  writeFileSync(file, projectText());
  const engines = findEngines(directory).filter(({ name }) => name === "wharf (crun)" || name === "docker");
  for (const engine of engines) {
    await engine.start();
    timeCommand(engine.command("import", archive, IMAGE), engine);
  }
  const contenders = contendersOf(engines);
  const rows: Record<string, Record<string, number[]>> = {};
  for (let round = 0; round < rounds; round++)
    for (const contender of contenders)
      for (const [name, ms] of Object.entries(measure(contender, file))) {
        rows[name] ??= {};
        rows[name]![contender.name] = [...(rows[name]![contender.name] ?? []), ms];
      }
  for (const engine of engines) await engine.stop();
  console.log(
    `${cpus().length} cores, load ${loadavg()[0]!.toFixed(2)} at the end, ${rounds} rounds, medians in ms`,
  );
  console.log(`health checks every ${HEALTH_INTERVAL}, chains of four services\n`);
  const names = contenders.map(({ name }) => name);
  console.log(`| work | ${names.join(" | ")} |\n|---|${names.map(() => "---|").join("")}`);
  for (const [work, times] of Object.entries(rows))
    console.log(`| ${work} | ${names.map((name) => median(times[name]!).toFixed(0)).join(" | ")} |`);
  return 0;
}

function contendersOf(engines: readonly Engine[]): Contender[] {
  const plugin = option("--compose");
  const stock = plugin ? [plugin] : ["docker", "compose"];
  const ours = [WHARF, "compose"];
  const own = engines.map((engine) => ({
    name: engine.name === "docker" ? "docker compose, dockerd" : "wharf compose, wharf",
    engine,
    compose: engine.name === "docker" ? stock : ours,
  }));
  if (!process.argv.includes("--crossed")) return own;
  const crossed = engines.map((engine) => ({
    name: engine.name === "docker" ? "wharf compose, dockerd" : "docker compose, wharf",
    engine,
    compose: engine.name === "docker" ? ours : stock,
  }));
  return [...own, ...crossed];
}

/** Everything from nothing, then a second time with nothing to do, then its end. */
function measure({ engine, compose }: Contender, file: string): Record<string, number> {
  const run = (...args: string[]) => timeCommand([...compose, "-p", "bench", "-f", file, ...args], engine);
  return {
    "up -d --wait, 12 services": run("up", "-d", "--wait"),
    "up -d, nothing to do": run("up", "-d"),
    ps: run("ps"),
    "down -t 0": run("down", "-t", "0"),
  };
}

/** Three stores; three services that need all of them; three workers, two fronts and a proxy at the end of the chain. */
function projectText(): string {
  const service = (name: string, needs: readonly string[]) => `
  ${name}:
    image: ${IMAGE}
    command: sh -c "trap exit TERM; while :; do sleep 1000 & wait; done"
    healthcheck: {test: ["CMD", "true"], interval: ${HEALTH_INTERVAL}, timeout: 5s, retries: 5}
    depends_on: {${needs.map((need) => `${need}: {condition: service_healthy}`).join(", ")}}`;
  const stores = ["db", "cache", "queue"];
  const services = ["users", "orders", "search"];
  const fronts = ["web", "admin"];
  const all = [
    ...stores.map((name) => service(name, [])),
    ...services.map((name) => service(name, stores)),
    ...["mailer", "indexer", "biller"].map((name) => service(name, services)),
    ...fronts.map((name) => service(name, services)),
    service("proxy", fronts),
  ];
  return `services:${all.join("")}\n`;
}

process.exit(await main());
