import type { ContainerSample, CpuSample, InterfaceCounters } from "#runtime/types.ts";

/** A sample with its moment. */
export interface TimedSample {
  readonly sample: ContainerSample;
  /** RFC 3339 with nanoseconds. */
  readonly read: string;
}

/** As much of a sample as the next one is compared with. */
export interface TimedCpuSample {
  readonly sample: CpuSample;
  readonly read: string;
}

export interface StatsSubject {
  readonly id: string;
  readonly name: string;
}

const NEVER_READ = "0001-01-01T00:00:00Z";

/**
 * Docker's stats object as JSON, as its clients compute percentages from it.
 * @param previous what the CPU share is computed against; absent for a first sample
 */
export function statsJson(
  subject: StatsSubject,
  current: TimedSample,
  previous: TimedCpuSample | undefined,
): string {
  const { cgroup, interfaces } = current.sample;
  const text = JSON.stringify({
    id: subject.id,
    name: `/${subject.name}`,
    os_type: "linux",
    read: current.read,
    preread: previous?.read ?? NEVER_READ,
    num_procs: 0,
    storage_stats: {},
    pids_stats: {
      current: cgroup.pids.current,
      ...(cgroup.pids.limit === undefined ? {} : { limit: cgroup.pids.limit }),
    },
    cpu_stats: cpuStats(current.sample),
    precpu_stats: previous ? cpuStats(previous.sample) : emptyCpuStats(),
    memory_stats: memoryStats(current.sample),
    blkio_stats: blkioStats(current.sample),
    ...(Object.keys(interfaces).length > 0 ? { networks: networkStats(interfaces) } : {}),
  });
  return text.replace(STAT_PLACE, () => `"stats":${flatKeyedJson(cgroup.memory.stat)}`);
}

/** Forty numbers that nobody here reads: they go from the kernel's text into ours. */
const STAT_PLACE = '"stats":"memory.stat"';

/** `a 1\nb 2\n` to `{"a":1,"b":2}`. */
function flatKeyedJson(text: string): string {
  return text === "" ? "{}" : `{"${text.trimEnd().replaceAll(" ", '":').replaceAll("\n", ',"')}}`;
}

/** What clients get of a container that does not run. */
export function emptyStatsJson(subject: StatsSubject): string {
  return JSON.stringify({
    id: subject.id,
    name: `/${subject.name}`,
    os_type: "linux",
    read: NEVER_READ,
    preread: NEVER_READ,
    num_procs: 0,
    storage_stats: {},
    pids_stats: {},
    cpu_stats: emptyCpuStats(),
    precpu_stats: emptyCpuStats(),
    memory_stats: {},
    blkio_stats: blkioList([]),
  });
}

function cpuStats({ cgroup: { cpu }, hostCpuNanos, onlineCpus }: CpuSample): unknown {
  return {
    cpu_usage: {
      total_usage: cpu.totalNanos,
      ...(cpu.perCpuNanos ? { percpu_usage: cpu.perCpuNanos } : {}),
      usage_in_kernelmode: cpu.systemNanos,
      usage_in_usermode: cpu.userNanos,
    },
    system_cpu_usage: hostCpuNanos,
    online_cpus: onlineCpus,
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: cpu.throttledNanos,
    },
  };
}

function emptyCpuStats(): unknown {
  return {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  };
}

/** A container without a limit may use what the host has. */
function memoryStats({ cgroup: { memory }, hostMemoryBytes }: ContainerSample): unknown {
  return {
    usage: memory.usageBytes,
    ...(memory.maxUsageBytes === undefined ? {} : { max_usage: memory.maxUsageBytes }),
    ...(memory.failcnt === undefined ? {} : { failcnt: memory.failcnt }),
    stats: "memory.stat",
    limit: Math.min(memory.limitBytes, hostMemoryBytes),
  };
}

function blkioStats({ cgroup }: ContainerSample): unknown {
  return blkioList(cgroup.blkio.map(({ major, minor, op, value }) => ({ major, minor, op, value })));
}

function blkioList(bytes: readonly unknown[]): unknown {
  return {
    io_service_bytes_recursive: bytes.length > 0 ? bytes : null,
    io_serviced_recursive: null,
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  };
}

function networkStats(interfaces: Readonly<Record<string, InterfaceCounters>>): unknown {
  const entries = Object.entries(interfaces).map(([name, counters]) => [
    name,
    {
      rx_bytes: counters.rxBytes,
      rx_packets: counters.rxPackets,
      rx_errors: counters.rxErrors,
      rx_dropped: counters.rxDropped,
      tx_bytes: counters.txBytes,
      tx_packets: counters.txPackets,
      tx_errors: counters.txErrors,
      tx_dropped: counters.txDropped,
    },
  ]);
  return Object.fromEntries(entries);
}
