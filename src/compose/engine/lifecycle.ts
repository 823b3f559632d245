/** Verbs for containers that are there: stop, restart, kill, pause, unpause, rm, and start. */
import { messageOf, NotFound } from "#base/errors.ts";
import type { Project, Service } from "../model/types.ts";
import { PlanRun } from "./act/execute.ts";
import { runPostStart, runPreStop } from "./act/operations.ts";
import { stopContainer } from "./down.ts";
import { allSettled, visitServices } from "./graph.ts";
import { LABEL } from "./labels.ts";
import { classify, listProjectContainers } from "./observe.ts";
import { planStartOnly } from "./plan/plan.ts";
import type { ComposeContext, ObservedContainer } from "./types.ts";

export interface Selection {
  /** Empty: all. */
  readonly services: readonly string[];
}

/** Containers of services, without one-off ones and those of hooks. */
export async function replicasOfProject(
  context: ComposeContext,
  project: Project,
): Promise<ObservedContainer[]> {
  const all = await listProjectContainers(context.client, project.name);
  return all.filter(isReplica);
}

export function isReplica({ isOneOff, labels }: ObservedContainer): boolean {
  return !isOneOff && labels[LABEL.configHash] !== undefined && !labels[LABEL.hook];
}

/** Dependents first. */
export async function stopServices(
  context: ComposeContext,
  project: Project,
  { services, stopTimeoutSeconds }: Selection & { readonly stopTimeoutSeconds?: number },
): Promise<void> {
  const all = await replicasOfProject(context, project);
  const visit = ({ name }: Service) =>
    allSettled(
      all
        .filter(({ service }) => service === name && isSelected(services, name))
        .map((container) =>
          stopContainer(context, project, {
            container,
            ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }),
          }),
        ),
    );
  await visitServices(project, visit, { reverse: true });
}

function isSelected(services: readonly string[], name: string): boolean {
  return services.length === 0 || services.includes(name);
}

export interface StartOptions {
  /** For each condition that is waited for; 0: no end. */
  readonly waitTimeoutMs: number;
}

/** Starts what has been created, in the order of dependencies. @throws NotFound when there is no container at all */
export async function startServices(
  context: ComposeContext,
  project: Project,
  { waitTimeoutMs }: StartOptions,
): Promise<void> {
  const containers = await listProjectContainers(context.client, project.name);
  const observed = classify(
    { ...project, networks: {}, volumes: {} },
    { containers, networks: [], volumes: [] },
  );
  if (Object.keys(observed.containers).length === 0)
    throw new NotFound(
      `service "${Object.keys(project.services)[0] ?? project.name}" has no container to start`,
      {
        hint: "Create it with 'wharf compose up' or 'wharf compose create'",
      },
    );
  const { hashes, separator } = context;
  const plan = planStartOnly({
    project,
    observed,
    hashes,
    separator,
    images: {},
    options: {
      targets: [],
      recreate: "never",
      recreateDependencies: "never",
      inheritsVolumes: true,
      removeOrphans: false,
      starts: true,
      recreateVolumes: new Set(),
    },
  });
  using run = new PlanRun(context, { project, observed, images: {}, plan, waitTimeoutMs });
  await run.start();
}

/** Dependencies first; dependents that ask for it come along (`restart: true`). */
export async function restartServices(
  context: ComposeContext,
  project: Project,
  { stopTimeoutSeconds }: { readonly stopTimeoutSeconds?: number },
): Promise<void> {
  const all = await replicasOfProject(context, project);
  await visitServices(project, (service) =>
    allSettled(
      all
        .filter((one) => one.service === service.name)
        .map((container) => restartContainer(context, service, { container, stopTimeoutSeconds })),
    ),
  );
}

interface RestartRequest {
  readonly container: ObservedContainer;
  readonly stopTimeoutSeconds: number | undefined;
}

async function restartContainer(
  context: ComposeContext,
  service: Service,
  { container, stopTimeoutSeconds }: RestartRequest,
): Promise<void> {
  const { client, limiter, dryRun } = context;
  await telling(context, container, { working: "Restarting", done: "Started" }, async () => {
    if (dryRun) return;
    if (container.state === "running") await runPreStop(context, service, container.id);
    const options = stopTimeoutSeconds === undefined ? {} : { timeoutSeconds: stopTimeoutSeconds };
    await limiter.run(() => client.containers.restart(container.id, options));
    await runPostStart(context, service, { id: container.id });
  });
}

interface Words {
  readonly working: string;
  readonly done: string;
}

async function telling(
  { onProgress }: ComposeContext,
  { name }: ObservedContainer,
  words: Words,
  work: () => Promise<void>,
): Promise<void> {
  const id = `Container ${name}`;
  onProgress({ id, status: "working", text: words.working });
  try {
    await work();
  } catch (error) {
    onProgress({ id, status: "error", text: messageOf(error) });
    throw error;
  }
  onProgress({ id, status: "done", text: words.done });
}

/** One call for each of these containers, all at once. */
export async function forEachContainer(
  context: ComposeContext,
  containers: readonly ObservedContainer[],
  { call, ...words }: Words & { readonly call: (container: ObservedContainer) => Promise<void> },
): Promise<void> {
  await allSettled(
    containers.map((container) =>
      telling(context, container, words, async () => {
        if (!context.dryRun) await context.limiter.run(() => call(container));
      }),
    ),
  );
}
