import { availableParallelism, totalmem } from "node:os";
import { NotFound } from "#base/errors.ts";
import { isErrno, readIfExists } from "#base/fs.ts";
import type { Kernel } from "#kernel/types.ts";
import type { ContainerSample, CpuSample, InterfaceCounters, SampleRequest } from "./types.ts";

interface SampledKernel {
  readonly cgroups: Pick<Kernel["cgroups"], "stats">;
  readonly processes: Pick<Kernel["processes"], "networkCounters">;
}

/** One sample of a container's counters, as `stats` needs it. */
export function sample(
  { cgroups, processes }: SampledKernel,
  host: HostClock,
  { cgroupPath, pid }: SampleRequest,
): ContainerSample {
  const counters = pid === undefined ? undefined : processes.networkCounters(pid);
  return {
    cgroup: unlessGone(cgroupPath, (path) => cgroups.stats(path)),
    interfaces: parseInterfaceCounters(counters ?? ""),
    ...host.read(),
  };
}

export function sampleCpu(
  cgroups: Pick<Kernel["cgroups"], "cpuStats">,
  host: HostClock,
  { cgroupPath }: { readonly cgroupPath: string },
): CpuSample {
  return { cgroup: { cpu: unlessGone(cgroupPath, (path) => cgroups.cpuStats(path)) }, ...host.read() };
}

/** The host's processor time is told in hundredths of a second, and telling it costs more than all of a container. */
const HOST_FRESH_MS = 10;

export type HostCounters = Pick<ContainerSample, "hostCpuNanos" | "onlineCpus" | "hostMemoryBytes">;

/** Read once for all containers that are sampled together. */
export class HostClock {
  #last: { readonly atMs: number; readonly counters: HostCounters } | undefined;

  read(): HostCounters {
    const atMs = performance.now();
    if (!this.#last || atMs - this.#last.atMs >= HOST_FRESH_MS) {
      const hostCpuNanos = parseHostCpuNanos(readIfExists("/proc/stat") ?? "");
      const counters = { hostCpuNanos, onlineCpus: availableParallelism(), hostMemoryBytes: totalmem() };
      this.#last = { atMs, counters };
    }
    return this.#last.counters;
  }
}

function unlessGone<T>(cgroupPath: string, read: (path: string) => T): T {
  try {
    return read(cgroupPath);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENODEV"))
      throw new NotFound(`control group ${cgroupPath} is gone`, { cause: error });
    throw error;
  }
}

/** Clock ticks are hundredths of a second on every architecture Linux still has. */
const TICK_NANOS = 10_000_000;
/** user, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user already. */
const CPU_FIELDS = 8;

/** CPU time of all processors since boot from the text of /proc/stat, idle time included, as Docker counts it. */
export function parseHostCpuNanos(stat: string): number {
  const [name, ...fields] = stat.split("\n", 1)[0]!.trim().split(/\s+/);
  if (name !== "cpu") return 0;
  return fields.slice(0, CPU_FIELDS).reduce((sum, ticks) => sum + Number(ticks) * TICK_NANOS, 0);
}

/** Text of /proc/PID/net/dev; the loopback is left out. */
export function parseInterfaceCounters(text: string): Record<string, InterfaceCounters> {
  const interfaces: Record<string, InterfaceCounters> = {};
  for (const line of text.split("\n").slice(2)) {
    const match = /^\s*(\S+):\s*(.*)$/.exec(line);
    if (!match || match[1] === "lo") continue;
    const [rxBytes, rxPackets, rxErrors, rxDropped, , , , , txBytes, txPackets, txErrors, txDropped] =
      match[2]!.trim().split(/\s+/).map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
    interfaces[match[1]!] = {
      ...{ rxBytes, rxPackets, rxErrors, rxDropped },
      ...{ txBytes, txPackets, txErrors, txDropped },
    };
  }
  return interfaces;
}
