/**
 * Networks beside dockerd: `sudo bun bench/network.ts [--rounds 3] [--only TEXT] [--json FILE]`. The engines share one
 * host of namespaces with a neighbour behind a cable; rounds alternate, medians. Rates count more as better, times less.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { isHermetic, rerunHermetic } from "../tools/hermetic.ts";
import { type Engine, findEngines } from "./engines.ts";
import { median, timeCommand } from "./measure.ts";
import { type Host, networkRows, setUpEngine } from "./network-rows.ts";
import { makeBusyboxArchive, option } from "./set-up.ts";

const SECONDS = Number(option("--seconds") ?? 1);

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the benchmark needs root");
  if (!isHermetic()) return rerunHermetic(import.meta.path, process.argv.slice(2));
  Bun.spawnSync(["umount", "-l", "/sys/fs/cgroup/unified"], { stderr: "ignore" });
  const directory = mkdtempSync("/tmp/wharf-network-");
  const host = makeHost(directory);
  const archive = makeBusyboxArchive(directory, [host.peer]);
  const engines = findEngines(directory).filter(({ name }) => name === "wharf (crun)" || name === "docker");
  for (const engine of engines) {
    await engine.start();
    timeCommand(engine.command("import", archive, "bench/peer:latest"), engine);
    setUpEngine(engine, host);
  }
  const rounds = Number(option("--rounds") ?? 3);
  const only = option("--only");
  const result: Record<string, Record<string, number>> = {};
  for (const row of networkRows(host, SECONDS)) {
    if (only !== undefined && !row.name.includes(only)) continue;
    const values: Record<string, number[]> = Object.fromEntries(engines.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const engine of engines) {
        const value = row.skips?.(engine) ? undefined : await row.measure(engine);
        if (value !== undefined) values[engine.name]!.push(value);
      }
    result[`${row.name}, ${row.unit}`] = Object.fromEntries(
      Object.entries(values).flatMap(([name, all]) => (all.length > 0 ? [[name, median(all)]] : [])),
    );
    const shown = Object.entries(values).map(
      ([name, all]) => `${name} ${all.map((one) => one.toFixed(1)).join(" ")}`,
    );
    console.error(`measured: ${row.name}: ${shown.join("; ")}`);
  }
  for (const engine of engines) await engine.stop();
  report(result, engines);
  return 0;
}

/** The host is this namespace; its neighbour has an address and a route here. */
function makeHost(directory: string): Host {
  const peer = join(directory, "peer");
  const source = join(import.meta.dir, "peer.c");
  const compiler = Bun.which("musl-gcc") ?? "gcc";
  const script = `${compiler} -O2 -static -o ${peer} ${source}
    ip netns add neighbour && ip link add cable type veth peer name eth0 netns neighbour
    ip addr add 198.18.0.1/30 dev cable && ip link set cable up
    ip -n neighbour addr add 198.18.0.2/30 dev eth0 && ip -n neighbour link set eth0 up
    ip -n neighbour link set lo up && ip -n neighbour route add default via 198.18.0.1
    ip netns exec neighbour ${peer} refuse 53 >/dev/null 2>&1 </dev/null &`;
  timeCommand(["sh", "-ec", script], { env: process.env as Record<string, string> });
  return {
    peer,
    address: "198.18.0.1",
    neighbour: "198.18.0.2",
    enter: ["ip", "netns", "exec", "neighbour"],
  };
}

function report(result: Record<string, Record<string, number>>, engines: readonly Engine[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const load = loadavg()[0]!.toFixed(2);
  const facts = `${date}: ${cpus().length} cores, Linux ${release()}, load ${load} at the end`;
  const names = engines.map(({ name }) => name);
  const cell = (row: Record<string, number>, name: string) => {
    const value = row[name];
    if (value === undefined) return "–";
    const shown = value >= 100 ? value.toFixed(0) : value.toFixed(2);
    return row.docker === undefined || name === "docker"
      ? shown
      : `${shown} (${(value / row.docker).toFixed(2)}×)`;
  };
  const lines = Object.entries(result).map(
    ([work, row]) => `| ${work} | ${names.map((name) => cell(row, name)).join(" | ")} |`,
  );
  const head = [`| work | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`];
  console.log([facts, "", ...head, ...lines].join("\n"));
  const json = option("--json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ facts, result }, null, 2)}\n`);
}

process.exit(await main());
