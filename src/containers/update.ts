import { Conflict, InvalidArgument } from "#base/errors.ts";
import type { ContainerUpdateRequest, HostConfig, Resources } from "#spec/docker/containers.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import { checkResources } from "./check-resources.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import { checkRestartPolicy } from "./restart-policy.ts";
import type { ContainerRecord } from "./types.ts";

/** New limits and a new restart policy, at once for a running container. */
export async function updateContainer(
  ctx: Context,
  nameOrId: string,
  request: ContainerUpdateRequest,
): Promise<{ readonly warnings: string[] }> {
  const { id } = ctx.records.resolve(nameOrId);
  await ctx.locks.run(id, () => {
    const before = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, before), "update");
    const hostConfig = mergeUpdate(before, request);
    checkResources(hostConfig, ctx.settings.host);
    const updated = ctx.records.update(id, { hostConfig });
    if (before.state.status === "running" || before.state.status === "paused")
      applyLimits(ctx, before, updated, request);
    emitContainerEvent(ctx, updated, "update");
  });
  return { warnings: [] };
}

function applyLimits(
  ctx: Context,
  before: ContainerRecord,
  updated: ContainerRecord,
  request: ContainerUpdateRequest,
): void {
  const { RestartPolicy: _, ...asked } = request;
  const limits = { ...asked, ...impliedLimits(asked, updated.hostConfig) };
  try {
    ctx.runtime.setLimits(cgroupPathOf(ctx.settings, updated), limits);
  } catch (error) {
    ctx.records.put(before);
    throw new InvalidArgument(`Cannot update container ${updated.id}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The kernel takes a memory limit only together with a limit of memory and swap that is not below it. */
function impliedLimits(asked: Resources, hostConfig: HostConfig): Resources {
  return asked.Memory ? { MemorySwap: hostConfig.MemorySwap } : {};
}

/** Pure: the host configuration afterwards; what the request leaves out or at 0 stays. */
export function mergeUpdate(record: ContainerRecord, request: ContainerUpdateRequest): HostConfig {
  const { RestartPolicy: policy, ...limits } = request;
  const { hostConfig } = record;
  checkConflicts(hostConfig, limits);
  const given = Object.entries(limits).filter(
    ([, value]) => value !== null && value !== undefined && value !== 0 && value !== "",
  );
  const merged: HostConfig = { ...hostConfig, ...Object.fromEntries(given) };
  if (limits.PidsLimit !== undefined) merged.PidsLimit = limits.PidsLimit || null;
  return policy?.Name ? { ...merged, RestartPolicy: checkedPolicy(record, policy) } : merged;
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
