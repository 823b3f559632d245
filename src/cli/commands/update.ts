import { parseHugepageLimit } from "#spec/huge-pages.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError, shownMessage } from "../errors.ts";
import { bytes, cpus, int, list, parsedList, string, uint16 } from "../flag-kinds.ts";
import { parseRestartPolicy } from "../parse/limits.ts";
import { parsePorts } from "../parse/port.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {
    "blkio-weight": uint16("Share of disk time, 10 to 1000, 0 for the default"),
    "cpu-period": int("Length of a scheduling period in microseconds"),
    "cpu-quota": int("CPU time in each period in microseconds"),
    "cpu-rt-period": int("Length of a real-time period in microseconds"),
    "cpu-rt-runtime": int("Real-time CPU time in each period in microseconds"),
    "cpu-shares": int("Share of CPU time relative to other containers", { short: "c" }),
    cpus: cpus("Number of CPUs"),
    "cpuset-cpus": string("Run only on these CPUs (0-3, 0,1)"),
    "cpuset-mems": string("Take memory only from these nodes (0-3, 0,1)"),
    "hugetlb-limit": parsedList("Limit huge pages of a size (size=bytes, -1 for none)", {
      type: "limit",
      each: parseHugepageLimit,
    }),
    "kernel-memory": bytes("Limit of kernel memory", { hidden: true }),
    memory: bytes("Limit of memory", { short: "m" }),
    "memory-reservation": bytes("Memory it should get by with when memory is short"),
    "memory-swap": bytes("Limit of memory and swap together, -1 for no limit of swap", {
      allowUnlimited: true,
    }),
    "pids-limit": int("Limit of processes and threads (-1 for none)"),
    "publish-add": list("Publish one more port, of a running container at once"),
    "publish-rm": list("Withdraw a published port ([HOST:]CONTAINER[/PROTOCOL])"),
    restart: string("When to start it again after it ends"),
  },
  async run({ session, args, flags, given }) {
    if (given.size === 0) throw new CliError("you must provide one or more flags when using this command");
    const body = {
      BlkioWeight: flags["blkio-weight"],
      CpuShares: flags["cpu-shares"],
      Memory: flags.memory,
      MemoryReservation: flags["memory-reservation"],
      MemorySwap: flags["memory-swap"],
      CpuPeriod: flags["cpu-period"],
      CpuQuota: flags["cpu-quota"],
      CpuRealtimePeriod: flags["cpu-rt-period"],
      CpuRealtimeRuntime: flags["cpu-rt-runtime"],
      CpusetCpus: flags["cpuset-cpus"],
      CpusetMems: flags["cpuset-mems"],
      NanoCpus: flags.cpus,
      ...(given.has("hugetlb-limit") ? { HugepageLimits: [...flags["hugetlb-limit"]] } : {}),
      ...(given.has("pids-limit") ? { PidsLimit: flags["pids-limit"] } : {}),
      ...(given.has("kernel-memory") ? { KernelMemory: flags["kernel-memory"] } : {}),
      RestartPolicy: parseRestartPolicy(flags.restart),
    };
    const change = {
      Add: parsePorts(flags["publish-add"], []).bindings,
      Remove: parsePorts(flags["publish-rm"], []).bindings,
    };
    const changesPorts = given.has("publish-add") || given.has("publish-rm");
    const changesLimits = [...given].some((name) => !name.startsWith("publish-"));
    const { containers } = await session.client();
    const warnings: string[] = [];
    const failures: string[] = [];
    for (const name of args) {
      try {
        if (changesPorts) await containers.publish(name, change);
        if (changesLimits) warnings.push(...((await containers.update(name, body)).Warnings ?? []));
        await session.print(`${name}\n`);
      } catch (error) {
        failures.push(shownMessage(error));
      }
    }
    if (warnings.length > 0) await session.print(`${warnings.join("\n")}\n`);
    if (failures.length > 0) throw new CliError(failures.join("\n"));
  },
});
