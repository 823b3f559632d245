/** What a sample of the engine's statistics says about a container. */
import { binarySize, humanSize } from "../format/human.ts";
import type { Listing } from "../format/rows.ts";

/** The parts of the engine's answer that are shown. All sizes are bytes, times nanoseconds. */
export interface StatsSample {
  readonly name?: string;
  readonly id?: string;
  readonly cpu_stats?: CpuSample;
  readonly precpu_stats?: CpuSample;
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null;
  };
  readonly pids_stats?: { readonly current?: number };
}

interface CpuSample {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/** One line of `stats`. */
export interface StatsRow {
  /** As the user wrote it. */
  readonly container: string;
  readonly name: string;
  readonly id: string;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly pids: number;
  /** No sample has come: the numbers mean nothing. */
  readonly isUnknown: boolean;
}

export function unknownStats(container: string): StatsRow {
  return { ...statsRow(container, {}), name: "--", isUnknown: true };
}

export function statsRow(container: string, sample: StatsSample): StatsRow {
  const networks = Object.values(sample.networks ?? {});
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const disk = (operation: string) =>
    sum(
      (sample.blkio_stats?.io_service_bytes_recursive ?? [])
        .filter(({ op }) => op.toLowerCase() === operation)
        .map(({ value }) => value),
    );
  return {
    container,
    name: (sample.name ?? "").replace(/^\//, ""),
    id: sample.id ?? "",
    cpuPercent: cpuPercent(sample),
    memoryBytes: memoryInUse(sample),
    memoryLimitBytes: sample.memory_stats?.limit ?? 0,
    receivedBytes: sum(networks.map(({ rx_bytes }) => rx_bytes)),
    sentBytes: sum(networks.map(({ tx_bytes }) => tx_bytes)),
    readBytes: disk("read"),
    writtenBytes: disk("write"),
    pids: sample.pids_stats?.current ?? 0,
    isUnknown: false,
  };
}

/** Of one CPU: 200 means two busy ones. */
function cpuPercent({ cpu_stats: now = {}, precpu_stats: before = {} }: StatsSample): number {
  const used = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const elapsed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpus = now.online_cpus || (now.cpu_usage?.percpu_usage?.length ?? 0);
  return used > 0 && elapsed > 0 ? (used / elapsed) * cpus * 100 : 0;
}

/** Without the page cache that can be given up at once: cgroup v1 and v2 name it differently. */
function memoryInUse({ memory_stats: { usage = 0, stats = {} } = {} }: StatsSample): number {
  const inactive = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return inactive < usage ? usage - inactive : usage;
}

/** What `stats` shows. */
export function statsListing(noTrunc: boolean): Listing<StatsRow> {
  const memoryPercent = (row: StatsRow) =>
    row.memoryLimitBytes > 0 ? (row.memoryBytes / row.memoryLimitBytes) * 100 : 0;
  const pair = (a: string, b: string) => `${a} / ${b}`;
  const known = (show: (row: StatsRow) => string) => (row: StatsRow) => (row.isUnknown ? "--" : show(row));
  return {
    typeName: "stats",
    quiet: ({ id }) => id,
    table: ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
    columns: {
      Container: { title: "CONTAINER", value: ({ container }) => container },
      ID: { title: "CONTAINER ID", value: ({ id }) => (noTrunc ? id : id.slice(0, 12)) },
      Name: { title: "NAME", value: ({ name }) => name || "--" },
      CPUPerc: { title: "CPU %", value: known(({ cpuPercent: percent }) => `${percent.toFixed(2)}%`) },
      MemUsage: {
        title: "MEM USAGE / LIMIT",
        value: (row) =>
          row.isUnknown ? "-- / --" : pair(binarySize(row.memoryBytes), binarySize(row.memoryLimitBytes)),
      },
      MemPerc: { title: "MEM %", value: known((row) => `${memoryPercent(row).toFixed(2)}%`) },
      NetIO: {
        title: "NET I/O",
        value: known((row) => pair(humanSize(row.receivedBytes, 3), humanSize(row.sentBytes, 3))),
      },
      BlockIO: {
        title: "BLOCK I/O",
        value: known((row) => pair(humanSize(row.readBytes, 3), humanSize(row.writtenBytes, 3))),
      },
      PIDs: { title: "PIDS", value: known(({ pids }) => String(pids)) },
    },
  };
}
