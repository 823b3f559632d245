/** What an update makes of a container's configuration. Pure. */
import { Conflict, InvalidArgument } from "#base/errors.ts";
import { discardUnsupported } from "#runtime/spec/discard.ts";
import type { SpecHost } from "#runtime/spec/types.ts";
import type { ContainerUpdateRequest, HostConfig, Resources } from "#spec/docker/containers.ts";
import { checkRestartPolicy } from "./restart-policy.ts";
import type { ContainerRecord } from "./types.ts";
import { mergedLists, withDropped, withPageSizes } from "./update-lists.ts";

export interface UpdatePlan {
  readonly hostConfig: HostConfig;
  /** What a running container's group must be told. */
  readonly limits: Resources;
  readonly warnings: readonly string[];
}

/** Limits the kernel changes for processes that run. */
const CHANGEABLE: ReadonlySet<keyof Resources> = new Set([
  ...(["CpuShares", "CpuPeriod", "CpuQuota", "NanoCpus", "CpusetCpus", "CpusetMems"] as const),
  ...(["CpuRealtimePeriod", "CpuRealtimeRuntime"] as const),
  ...(["Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "OomKillDisable"] as const),
  ...(["KernelMemory", "KernelMemoryTCP", "PidsLimit", "BlkioWeight", "BlkioWeightDevice"] as const),
  ...(["BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"] as const),
  "HugepageLimits",
]);

/** What the request leaves out or at its empty value stays. @throws InvalidArgument with Docker's texts, Conflict */
export function planUpdate(
  record: ContainerRecord,
  request: ContainerUpdateRequest,
  host: Pick<SpecHost, "limits">,
): UpdatePlan {
  const { RestartPolicy: policy, ...asked } = request;
  const given = withPageSizes(onlyGiven(asked));
  checkChangeable(record, given);
  checkConflicts(record.hostConfig, given);
  const { kept, warnings } = discardUnsupported(given, host.limits);
  const { KernelMemory: _, KernelMemoryTCP: __, ...limits } = withoutDiscarded(kept, given);
  const merged: HostConfig = { ...record.hostConfig, ...limits, ...mergedLists(record.hostConfig, limits) };
  if (asked.PidsLimit !== undefined) merged.PidsLimit = asked.PidsLimit || null;
  if (merged.PidsLimit != null && merged.PidsLimit < 0) merged.PidsLimit = null;
  return {
    hostConfig: policy?.Name ? { ...merged, RestartPolicy: checkedPolicy(record, policy) } : merged,
    limits: {
      ...limits,
      ...withDropped(record.hostConfig, limits),
      ...impliedLimits(limits, merged),
      ...pidsLimit(asked),
    },
    warnings: [...warnings, ...kernelMemoryWarning(given)],
  };
}

/** Clients send whole structures: an empty value says nothing, but for swappiness, where 0 is one. */
function onlyGiven(asked: Resources): Resources {
  const isGiven = ([key, value]: [string, unknown]) =>
    value !== null &&
    value !== undefined &&
    value !== "" &&
    value !== false &&
    (value !== 0 || key === "MemorySwappiness") &&
    !(key === "MemorySwappiness" && value === -1) &&
    !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(asked).filter(isGiven));
}

function checkChangeable({ id }: ContainerRecord, given: Resources): void {
  const fixed = (Object.keys(given) as (keyof Resources)[]).filter((key) => !CHANGEABLE.has(key));
  if (fixed.length > 0)
    throw new InvalidArgument(
      `Cannot update container ${id}: ${fixed.join(", ")} cannot change after create`,
      {
        hint: "make a new container with these settings",
      },
    );
}

/** A discarded limit leaves the container's own as it was: it is not made empty. */
function withoutDiscarded(kept: Resources, given: Resources): Resources {
  const entries = Object.entries(kept) as [keyof Resources, unknown][];
  return Object.fromEntries(entries.filter(([key, value]) => given[key] === value));
}

/** The kernel takes a memory limit only together with a limit of memory and swap that is not below it. */
function impliedLimits(limits: Resources, merged: HostConfig): Resources {
  return limits.Memory ? { MemorySwap: merged.MemorySwap } : {};
}

/** Here 0 is said by those who want no limit, and not sent by others. */
function pidsLimit({ PidsLimit: pids }: Resources): Resources {
  return pids === undefined || pids === null ? {} : { PidsLimit: pids };
}

function kernelMemoryWarning({ KernelMemory: bytes, KernelMemoryTCP: tcp }: Resources): string[] {
  return bytes || tcp
    ? ["Specifying a kernel memory limit is deprecated: it is part of the memory limit, and is discarded."]
    : [];
}

function checkedPolicy(
  record: ContainerRecord,
  policy: NonNullable<ContainerUpdateRequest["RestartPolicy"]>,
): NonNullable<HostConfig["RestartPolicy"]> {
  checkRestartPolicy(policy);
  if (record.hostConfig.AutoRemove && policy.Name !== "no")
    throw new Conflict(
      `Cannot update container ${record.id}: Restart policy cannot be updated because AutoRemove is enabled for the container`,
    );
  return { Name: policy.Name, MaximumRetryCount: policy.MaximumRetryCount ?? 0 };
}

function checkConflicts(current: HostConfig, asked: Resources): void {
  const conflicts: [boolean, string][] = [
    [
      Boolean(current.NanoCpus && asked.CpuPeriod),
      "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set",
    ],
    [
      Boolean(current.NanoCpus && asked.CpuQuota),
      "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set",
    ],
    [
      Boolean(asked.NanoCpus && (current.CpuPeriod || current.CpuQuota)),
      "Conflicting options: Nano CPUs cannot be updated as CPU Period or CPU Quota has already been set",
    ],
    [
      Boolean(
        asked.Memory &&
          !asked.MemorySwap &&
          (current.MemorySwap ?? 0) > 0 &&
          asked.Memory > current.MemorySwap!,
      ),
      "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
    ],
  ];
  for (const [isConflict, text] of conflicts) if (isConflict) throw new InvalidArgument(text);
}
