/** Timing and memory of other processes, without fooling oneself: medians of alternating runs, whole process trees. */
import { readdirSync, readFileSync } from "node:fs";

export interface CommandOptions {
  readonly env: Record<string, string>;
}

/** Wall time of one whole process, milliseconds. @throws when it fails */
export function timeCommand(argv: readonly string[], options: CommandOptions): number {
  const started = performance.now();
  const child = Bun.spawnSync([...argv], {
    env: options.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const elapsed = performance.now() - started;
  if (child.exitCode !== 0)
    throw new Error(`${argv.join(" ")}: exit code ${child.exitCode}\n${child.stdout}${child.stderr}`);
  return elapsed;
}

/** Runs all commands, `atOnce` at a time. @returns wall time of the whole, milliseconds */
export async function timeParallel(
  commands: readonly (readonly string[])[],
  atOnce: number,
  options: CommandOptions,
): Promise<number> {
  const started = performance.now();
  const queue = [...commands];
  const worker = async () => {
    for (let argv = queue.shift(); argv; argv = queue.shift()) {
      const child = Bun.spawn([...argv], {
        env: options.env,
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      });
      const words = await new Response(child.stderr).text();
      if ((await child.exited) !== 0) throw new Error(`${argv.join(" ")}: ${words}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return performance.now() - started;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Proportional set size of the processes and all their descendants, KiB. */
export function treePssKiB(roots: readonly number[]): number {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const all = new Set<number>();
  const visit = (pid: number) => {
    if (all.has(pid)) return;
    all.add(pid);
    for (const child of children.get(pid) ?? []) visit(child);
  };
  for (const root of roots) visit(root);
  return [...all].reduce((sum, pid) => sum + pssKiB(pid), 0);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined; // ended meanwhile
  }
}

export function pssKiB(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What the machine could still give away, KiB. */
export function memAvailableKiB(): number {
  return Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))![1]);
}

/** Pids whose command line contains the text. */
export function pidsOf(text: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").includes(text);
      } catch {
        return false;
      }
    });
}

/** Ticks of USER_HZ, the unit of /proc/PID/stat. */
const TICK_MS = 10;

/** Processor time of processes and of those children they have waited for, milliseconds. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the first is field 3, see proc(5)
    return sum + [11, 12, 13, 14].reduce((all, i) => all + Number(fields[i]) * TICK_MS, 0);
  }, 0);
}
