import { portText } from "#network/plan/port-text.ts";
import { planPorts } from "#network/plan/ports.ts";
import type { PublishedPort } from "#network/types.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import { type PublishRequest, planPublish } from "./publish-plan.ts";

/**
 * Publishes and withdraws ports: at once for a container that runs, and for every start from now on. All of it or nothing.
 * @throws EngineError with Docker's text for a port that is taken
 */
export async function publishPorts(ctx: Context, nameOrId: string, request: PublishRequest): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  await ctx.locks.run(id, () => {
    const before = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, before), "update");
    const sandbox = ctx.networks.sandbox(id);
    const { hostConfig, withdrawn } = planPublish(before, request, sandbox?.ports);
    checkWords(request);
    const after = ctx.records.update(id, { hostConfig });
    if (!sandbox) return;
    try {
      const { ports } = ctx.networks.publish(id, { add: request.add, remove: withdrawn });
      const known = new Set(sandbox.ports.map(portText));
      const added = ports.filter((port) => !known.has(portText(port)));
      if (withdrawn.length > 0) emitContainerEvent(ctx, after, "unpublish", portsAttribute(withdrawn));
      if (added.length > 0) emitContainerEvent(ctx, after, "publish", portsAttribute(added));
    } catch (error) {
      ctx.records.put(before);
      throw error;
    }
  });
}

function portsAttribute(ports: readonly PublishedPort[]): { readonly ports: string } {
  return { ports: ports.map(portText).join(", ") };
}

/** A container that does not run would find out at its next start. @throws InvalidArgument */
function checkWords({ add }: PublishRequest): void {
  const anywhere = { 4: "127.0.0.1", 6: "::1" };
  planPorts({
    bindings: add,
    publishAll: [],
    defaultAddress: "0.0.0.0",
    hostHasIPv6: true,
    targets: anywhere,
    exposed: { 4: undefined, 6: undefined },
  });
}
