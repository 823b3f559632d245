import { InvalidArgument } from "#base/errors.ts";
import type { ContainerUpdateRequest, Resources } from "#spec/docker/containers.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import { checkResources } from "./check-resources.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { withHeldLimits } from "./held-limits.ts";
import { nextStatus } from "./lifecycle.ts";
import type { ContainerRecord, ContainerView } from "./types.ts";
import { planUpdate } from "./update-plan.ts";

/** New limits and a new restart policy, at once for a running container. */
export async function updateContainer(
  ctx: Context,
  nameOrId: string,
  request: ContainerUpdateRequest,
): Promise<{ readonly warnings: string[] }> {
  const { id } = ctx.records.resolve(nameOrId);
  return await ctx.locks.run(id, () => {
    const before = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, before), "update");
    const { hostConfig, limits, warnings } = planUpdate(before, request, ctx.specs.host);
    checkResources(hostConfig, ctx.settings.host);
    const updated = ctx.records.update(id, { hostConfig });
    if (before.state.status === "running" || before.state.status === "paused")
      applyLimits(ctx, before, updated, limits);
    emitContainerEvent(ctx, updated, "update");
    return { warnings: [...warnings] };
  });
}

function applyLimits(
  ctx: Context,
  before: ContainerRecord,
  updated: ContainerRecord,
  limits: Resources,
): void {
  try {
    ctx.runtime.setLimits(cgroupPathOf(ctx.settings, updated), limits);
  } catch (error) {
    ctx.records.put(before);
    throw new InvalidArgument(`Cannot update container ${updated.id}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Of a container that runs the kernel's word counts: somebody may have changed its group since. */
export function withLiveLimits(ctx: Context, view: ContainerView): ContainerView {
  if (view.state.status !== "running" && view.state.status !== "paused") return view;
  try {
    const held = ctx.runtime.heldLimits(cgroupPathOf(ctx.settings, view), view.hostConfig);
    const hostConfig = withHeldLimits(view.hostConfig, held, ctx.specs.host.limits);
    return Object.defineProperty(view, "hostConfig", { value: hostConfig, enumerable: true });
  } catch {
    return view; // it ends just now
  }
}
