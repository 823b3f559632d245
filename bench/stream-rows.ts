/** What moves bytes: attached output, logs, stdin, exec; and what samples: stats. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "./engines.ts";
import { timeCommand, timeParallel } from "./measure.ts";
import { IMAGE, type Row } from "./rows.ts";

const LINE = `${"0123456789".repeat(9)}abcdefghi\n`;
const LINES_PER_FILE = 100_000;
/** 10 MB, so fifty times this file is 500 MB and ten times a million lines. */
const FILE_BYTES = LINE.length * LINES_PER_FILE;
const FIFTY = "for i in $(seq 50); do cat /lines/file; done";
const TEN = "for i in $(seq 10); do cat /lines/file; done";
const SLEEP = ["sleep", "1000"];
const IDLE_SECONDS = 10;
const STATS_TIMES = 10;

/** Rows of streams, logs and stats. @param rounds of the cheap ones; those that move 500 MB run three times at most */
export function streamRows(rounds: number): Row[] {
  const few = Math.min(rounds, 3);
  return [
    {
      name: "attached output of 500 MB, default log",
      rounds: few,
      measure: (engine) => timed(engine, ["run", "--rm", ...lines(), IMAGE, "sh", "-c", FIFTY]),
    },
    {
      name: "attached output of 500 MB, no log",
      rounds: few,
      measure: (engine) =>
        timed(engine, ["run", "--rm", "--log-driver", "none", ...lines(), IMAGE, "sh", "-c", FIFTY]),
    },
    ...(["json-file", "local"] as const).flatMap((driver) => lineRows(driver, few)),
    {
      name: "stdin of 500 MB",
      rounds: few,
      measure: (engine) =>
        timedFrom(engine, bigFile(), ["run", "--rm", "-i", "--log-driver", "none", IMAGE, "cat"]),
    },
    {
      name: "exec output of 500 MB",
      rounds: few,
      measure(engine, round) {
        const name = `exec${round}`;
        timed(engine, ["run", "-d", "--name", name, ...lines(), IMAGE, ...SLEEP]);
        const ms = timed(engine, ["exec", name, "sh", "-c", FIFTY]);
        timed(engine, ["rm", "-f", name]);
        return ms;
      },
    },
    {
      name: "stats --no-stream, 20 containers",
      rounds: few,
      async measure(engine, round) {
        await startMany(engine, `stats${round}-`, 20);
        const ms = timed(engine, ["stats", "--no-stream"]);
        removeMany(engine, `stats${round}-`, 20);
        return ms;
      },
    },
    {
      name: "daemon CPU for stats of 100 containers",
      rounds: 1,
      skip: (engine) => engine.pids().length === 0,
      // Whoever watches asks again and again: the mean of some, after the first have made the engine's code ready.
      async measure(engine) {
        await startMany(engine, "hundred", 100);
        for (let i = 0; i < 3; i++) timed(engine, ["stats", "--no-stream"]);
        const before = cpuMs(engine);
        for (let i = 0; i < STATS_TIMES; i++) timed(engine, ["stats", "--no-stream"]);
        const used = (cpuMs(engine) - before) / STATS_TIMES;
        removeMany(engine, "hundred", 100);
        return used;
      },
    },
    {
      name: `daemon CPU of ${IDLE_SECONDS} s with 50 idle containers`,
      rounds: 1,
      skip: (engine) => engine.pids().length === 0,
      async measure(engine) {
        await startMany(engine, "idle", 50);
        await Bun.sleep(3000);
        const before = cpuMs(engine);
        await Bun.sleep(IDLE_SECONDS * 1000);
        const used = cpuMs(engine) - before;
        removeMany(engine, "idle", 50);
        return used;
      },
    },
  ];
}

/** A million lines into a log and out of it again. */
function lineRows(driver: "json-file" | "local", rounds: number): Row[] {
  const nameOf = (round: number) => `lines-${driver}-${round}`;
  const kept = ["--log-opt", "max-size=400m", "--log-opt", "max-file=2"]; // in all engines: nothing is rotated away
  return [
    {
      name: `1,000,000 lines written, ${driver}`,
      rounds,
      measure(engine, round) {
        const started = performance.now();
        const log = ["--log-driver", driver, ...kept];
        timed(engine, ["run", "-d", "--name", nameOf(round), ...log, ...lines(), IMAGE, "sh", "-c", TEN]);
        timed(engine, ["wait", nameOf(round)]);
        return performance.now() - started;
      },
    },
    {
      name: `logs of 1,000,000 lines, ${driver}`,
      rounds,
      measure: (engine, round) => timed(engine, ["logs", nameOf(round)]),
    },
    {
      name: `logs --tail 10 of 1,000,000 lines, ${driver}`,
      rounds,
      measure(engine, round) {
        const ms = timed(engine, ["logs", "--tail", "10", nameOf(round)]);
        timed(engine, ["rm", nameOf(round)]);
        return ms;
      },
    },
  ];
}

function timed(engine: Engine, args: readonly string[]): number {
  return timedFrom(engine, "/dev/null", args);
}

/** Output is thrown away by the kernel: reading it here would be part of the time. */
function timedFrom(engine: Engine, stdin: string, args: readonly string[]): number {
  const command = engine
    .command(...args)
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
  return timeCommand(["sh", "-c", `${command} <${stdin} >/dev/null`], engine);
}

/** A directory with 10 MB of lines, mounted at /lines. */
function lines(): string[] {
  const directory = join(tmpdir(), "bench-lines");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "file"), LINE.repeat(LINES_PER_FILE));
  return ["-v", `${directory}:/lines`];
}

function bigFile(): string {
  const path = join(tmpdir(), "bench-500MB");
  if (Bun.file(path).size !== 50 * FILE_BYTES) writeFileSync(path, Buffer.alloc(50 * FILE_BYTES, LINE));
  return path;
}

function startMany(engine: Engine, prefix: string, count: number): Promise<number> {
  const commands = numbers(count).map((i) =>
    engine.command("run", "-d", "--name", `${prefix}${i}`, IMAGE, ...SLEEP),
  );
  return timeParallel(commands, 4, engine);
}

function removeMany(engine: Engine, prefix: string, count: number): void {
  timed(engine, ["rm", "-f", ...numbers(count).map((i) => `${prefix}${i}`)]);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Processor time the daemon's own processes have used, ms; what they started is left out. */
function cpuMs(engine: Engine): number {
  return engine.pids().reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}

function cpuMsOf(pid: number): number {
  const nanos = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  // The main thread's is exact; the whole group's counts in hundredths of a second.
  return Math.max(nanos / 1e6, (Number(user) + Number(system)) * 10);
}
