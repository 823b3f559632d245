/** What each operation of a plan does at the engine. */
import { Conflict, NotFound } from "#base/errors.ts";
import type { NetworkCreateRequest } from "#spec/docker/networks.ts";
import type { Network, Project, Service } from "../../model/types.ts";
import { planNetworking } from "../body/networking.ts";
import { present } from "../body/resources.ts";
import { LABEL, type Labels } from "../labels.ts";
import { replacedName } from "../names.ts";
import type { Operation, PlanNode, Target } from "../plan/types.ts";
import type { Referable } from "../references.ts";
import type { ComposeContext, Observed } from "../types.ts";
import { createContainer } from "./create-container.ts";
import { injectFiles, planFiles } from "./files.ts";
import { type HookOutput, runHook } from "./hooks.ts";
import type { ServiceImages } from "./images.ts";
import { runPreStart } from "./pre-start.ts";
import { waitForCondition } from "./wait.ts";
import type { StateWatch } from "./watch.ts";

/** What the operations of one run share, and change as they go. */
export interface Acting {
  readonly project: Project;
  readonly observed: Observed;
  readonly images: ServiceImages;
  readonly stopTimeoutSeconds?: number;
  readonly waitTimeoutMs?: number;
  readonly onHookOutput?: HookOutput;
  /** Containers by service, as they are now. */
  readonly containers: Record<string, Referable[] | undefined>;
  /** By the id of the node that created them. */
  readonly created: Map<number, Referable>;
  readonly watch: StateWatch | undefined;
}

export async function act(context: ComposeContext, acting: Acting, node: PlanNode): Promise<void> {
  if (context.dryRun) return pretend(acting, node);
  const run = ACTIONS[node.operation.op] as (input: ActionInput<Operation>) => Promise<void>;
  await run({ context, acting, operation: node.operation, node });
}

/** Nothing is asked of the engine; what follows finds the names it needs. */
function pretend(acting: Acting, { id, operation }: PlanNode): void {
  if (operation.op === "createContainer")
    remember(acting, operation.service.name, { id, container: { id: "dry-run", name: operation.name } });
}

interface ActionInput<O extends Operation> {
  readonly context: ComposeContext;
  readonly acting: Acting;
  readonly operation: O;
  readonly node: PlanNode;
}

type Actions = {
  readonly [K in Operation["op"]]: (input: ActionInput<Extract<Operation, { op: K }>>) => Promise<void>;
};

const ACTIONS: Actions = {
  createNetwork: async ({ context, acting: { project }, operation: { key, network } }) => {
    const labels = markedLabels(context, project, {
      own: network.labels,
      [LABEL.network]: key,
      [LABEL.configHash]: context.hashes.network(network),
    });
    try {
      await context.limiter.run(() => context.client.networks.create(networkRequest(network, labels)));
    } catch (error) {
      // Somebody else made it meanwhile: what is asked for is there.
      if (!(error instanceof Conflict)) throw error;
    }
  },
  removeNetwork: async ({ context, operation: { name, isLeftover } }) => {
    try {
      await context.limiter.run(() => context.client.networks.remove(name));
    } catch (error) {
      if (!isLeftover || !(error instanceof Conflict)) throw error;
      context.warn(`network ${name} is still in use and stays; remove it when nothing is in it any more`);
    }
  },
  disconnect: async ({ context, operation: { network, container } }) => {
    await context.limiter.run(() =>
      context.client.networks.disconnect(network, container.id, { force: true }),
    );
  },
  connect: async ({ context, acting: { project }, operation: { key, service, container } }) => {
    const options = { containerName: container.name, links: [], useAliases: true };
    const { name } = project.networks[key]!;
    const endpoint = planNetworking(project, service, options).endpoints[name] ?? {};
    await context.limiter.run(() => context.client.networks.connect(name, container.id, endpoint));
  },
  createVolume: async ({ context, acting: { project }, operation: { key, volume } }) => {
    const labels = markedLabels(context, project, {
      own: volume.labels,
      [LABEL.volume]: key,
      [LABEL.configHash]: context.hashes.volume(volume),
    });
    const { name: Name, driver, driver_opts } = volume;
    const request = present({
      Name,
      Driver: driver,
      DriverOpts: driver_opts && { ...driver_opts },
      Labels: { ...labels },
    });
    await context.limiter.run(() => context.client.volumes.create(request));
  },
  removeVolume: async ({ context, operation: { name } }) => {
    await context.limiter.run(() => context.client.volumes.remove(name, { force: true }));
  },
  createContainer: async ({ context, acting, operation, node }) => {
    const { service, number, name, replaces, inherits } = operation;
    const container = await createContainer(context, acting.project, {
      service,
      number,
      name: replaces ? `${replaces.id.slice(0, 12)}_${name}` : name,
      image: acting.images[service.name]!,
      ...(replaces ? { labels: { [LABEL.replace]: replacedName(service, number, context.separator) } } : {}),
      useAliases: true,
      ...(replaces && inherits ? { inherits: replaces } : {}),
      containers: acting.containers,
    });
    remember(acting, service.name, { id: node.id, container });
  },
  stopContainer: async ({ context, acting, operation: { container } }) => {
    const service = acting.project.services[container.service];
    if (service && container.state === "running") await runPreStop(context, service, container.id);
    await context.limiter.run(() => context.client.containers.stop(container.id, stopOptions(acting)));
  },
  removeContainer: async ({ context, acting, operation: { container, volumes } }) => {
    try {
      await context.limiter.run(() =>
        context.client.containers.remove(container.id, { force: true, volumes }),
      );
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
    const { service, id } = container;
    acting.containers[service] = acting.containers[service]?.filter((one) => one.id !== id);
  },
  renameContainer: async ({ context, acting, operation: { createdBy, name } }) => {
    const created = acting.created.get(createdBy)!;
    await context.limiter.run(() => context.client.containers.rename(created.id, name));
    Object.assign(created, { name });
  },
  waitFor: async ({ context, acting, operation }) => {
    await waitForCondition(context, acting.watch!, {
      ...operation,
      containers: acting.containers[operation.service] ?? [],
      timeoutMs: acting.waitTimeoutMs ?? 0,
    });
  },
  preStart: async ({ context, acting, operation: { service, replicas, isShared } }) => {
    await runPreStart(context, acting.project, {
      service,
      replicas: replicas.map(({ number, target }) => ({ number, id: idOf(acting, target) })),
      isShared,
      containers: acting.containers,
    });
  },
  startContainer: async ({ context, acting, operation: { service, target } }) => {
    const id = idOf(acting, target);
    const { client, limiter } = context;
    await injectFiles(client, id, planFiles(acting.project, service));
    const isPaused = "found" in target && target.found.state === "paused";
    await limiter.run(() => (isPaused ? client.containers.unpause(id) : client.containers.start(id)));
    await runPostStart(context, service, { id, onOutput: acting.onHookOutput });
  },
};

/** Commands inside the container that has just been started. */
export async function runPostStart(
  { client }: ComposeContext,
  service: Service,
  { id, onOutput }: { readonly id: string; readonly onOutput?: HookOutput | undefined },
): Promise<void> {
  for (const hook of service.post_start ?? [])
    await runHook(client, id, { service, hook, ...(onOutput ? { onOutput } : {}) });
}

/** Commands inside a running container that is about to be stopped. */
export async function runPreStop({ client }: ComposeContext, service: Service, id: string): Promise<void> {
  for (const hook of service.pre_stop ?? []) await runHook(client, id, { service, hook });
}

function stopOptions({ stopTimeoutSeconds }: Acting): { readonly timeoutSeconds?: number } {
  return stopTimeoutSeconds === undefined ? {} : { timeoutSeconds: stopTimeoutSeconds };
}

function idOf(acting: Acting, target: Target): string {
  return "found" in target ? target.found.id : acting.created.get(target.createdBy)!.id;
}

function remember(
  acting: Acting,
  service: string,
  { id, container }: { readonly id: number; readonly container: Referable },
): void {
  const own = { ...container }; // renamed in place later
  acting.created.set(id, own);
  acting.containers[service] = [...(acting.containers[service] ?? []), own];
}

function markedLabels(
  { origin }: ComposeContext,
  { name }: Project,
  {
    own,
    ...marks
  }: { readonly own: Labels | undefined } & Readonly<Record<string, string | Labels | undefined>>,
): Labels {
  return { ...own, ...(marks as Labels), [LABEL.project]: name, [LABEL.version]: origin.version };
}

/** Pure. */
export function networkRequest(network: Network, labels: Labels): NetworkCreateRequest {
  const { ipam, driver_opts } = network;
  const hasIpam = ipam && (ipam.driver || ipam.config?.length || Object.keys(ipam.options ?? {}).length > 0);
  return present({
    Name: network.name,
    CheckDuplicate: true,
    Driver: network.driver,
    Options: driver_opts && { ...driver_opts },
    Internal: network.internal,
    Attachable: network.attachable,
    EnableIPv4: network.enable_ipv4,
    EnableIPv6: network.enable_ipv6,
    Labels: { ...labels },
    IPAM: hasIpam
      ? present({
          Driver: ipam.driver,
          Options: ipam.options && { ...ipam.options },
          Config: ipam.config?.map(({ subnet, gateway, ip_range, aux_addresses }) =>
            present({
              Subnet: subnet,
              Gateway: gateway,
              IPRange: ip_range,
              AuxiliaryAddresses: aux_addresses && { ...aux_addresses },
            }),
          ),
        })
      : undefined,
  });
}
