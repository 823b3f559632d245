/** `down`: what a project has at the engine goes, dependents before what they depend on. */
import { Conflict, messageOf, NotFound } from "#base/errors.ts";
import type { Project } from "../model/types.ts";
import { runPreStop } from "./act/operations.ts";
import { dependentsOf, visitServices } from "./graph.ts";
import { LABEL } from "./labels.ts";
import { imageName } from "./names.ts";
import { listProjectContainers } from "./observe.ts";
import { releaseProvider } from "./providers.ts";
import type { ComposeContext, ObservedContainer } from "./types.ts";

export interface DownOptions {
  /** Only these services and those that depend on them; empty: all of them. */
  readonly services: readonly string[];
  readonly removeOrphans: boolean;
  readonly volumes: boolean;
  /** Images: those without a name of their own, or all that services use. */
  readonly images: "" | "local" | "all";
  readonly stopTimeoutSeconds?: number;
}

/** @param project from its files, or made up from what the engine has */
export async function down(context: ComposeContext, project: Project, options: DownOptions): Promise<void> {
  const all = await listProjectContainers(context.client, project.name);
  const isKnown = ({ service }: ObservedContainer) => service in project.services;
  const ofServices = all.filter((one) => isKnown(one) && (options.removeOrphans || !one.isOneOff));
  const concerned = servicesConcerned(project, options.services);
  await visitServices(
    project,
    async (service) => {
      if (!concerned.has(service.name)) return;
      if (service.provider) return await releaseProvider(context, project, service);
      const own = ofServices.filter((one) => one.service === service.name);
      await Promise.all(own.map((container) => stopAndRemove(context, project, { container, options })));
    },
    { reverse: true },
  );
  if (options.removeOrphans) {
    const rest = all.filter((one) => !isKnown(one));
    await Promise.all(rest.map((container) => stopAndRemove(context, project, { container, options })));
  }
  const removals = await removalsOfProject(context, project, options);
  if (options.volumes) removals.push(...volumesOf(context, project));
  if (all.length === 0 && removals.length === 0)
    context.warn(`Warning: No resource found to remove for project "${project.name}".`);
  await settle(removals.map((run) => run()));
}

/** The named services and those that depend on them, directly or not; without names all. */
function servicesConcerned(project: Project, named: readonly string[]): ReadonlySet<string> {
  if (named.length === 0) return new Set(Object.keys(project.services));
  const concerned = new Set<string>();
  const add = (name: string) => {
    if (concerned.has(name)) return;
    concerned.add(name);
    for (const dependent of dependentsOf(project, name)) add(dependent);
  };
  for (const name of named) add(name);
  return concerned;
}

interface Removal {
  readonly container: ObservedContainer;
  readonly options: Pick<DownOptions, "stopTimeoutSeconds" | "volumes">;
}

export async function stopAndRemove(
  context: ComposeContext,
  project: Project,
  { container, options }: Removal,
): Promise<void> {
  const id = `Container ${container.name}`;
  try {
    await stopContainer(context, project, { container, ...options });
    context.onProgress({ id, status: "working", text: "Removing" });
    if (!context.dryRun)
      await context.limiter.run(() =>
        context.client.containers.remove(container.id, { force: true, volumes: options.volumes }),
      );
  } catch (error) {
    // Gone, or on its way out by somebody else: what is asked for comes true.
    if (!(error instanceof NotFound) && !(error instanceof Conflict)) {
      context.onProgress({ id, status: "error", text: messageOf(error) });
      throw error;
    }
  }
  context.onProgress({ id, status: "done", text: "Removed" });
}

export interface StopRequest {
  readonly container: ObservedContainer;
  readonly stopTimeoutSeconds?: number;
}

const RUNS: readonly string[] = ["running", "paused", "restarting"];

export async function stopContainer(
  context: ComposeContext,
  project: Project,
  { container, stopTimeoutSeconds }: StopRequest,
): Promise<void> {
  const { onProgress, client, limiter } = context;
  const id = `Container ${container.name}`;
  onProgress({ id, status: "working", text: "Stopping" });
  if (!context.dryRun && RUNS.includes(container.state)) {
    const service = project.services[container.service];
    if (service && container.state === "running") await runPreStop(context, service, container.id);
    const options = stopTimeoutSeconds === undefined ? {} : { timeoutSeconds: stopTimeoutSeconds };
    await limiter.run(() => client.containers.stop(container.id, options));
  }
  onProgress({ id, status: "done", text: "Stopped" });
}

async function removalsOfProject(
  context: ComposeContext,
  project: Project,
  options: DownOptions,
): Promise<(() => Promise<void>)[]> {
  const networks = await networksOf(context, project);
  return [...networks, ...(options.images ? imagesOf(context, project, options.images) : [])];
}

/** Only networks that carry the project's mark: one that was there before stays. */
async function networksOf(context: ComposeContext, project: Project): Promise<(() => Promise<void>)[]> {
  const declared = Object.entries(project.networks).filter(([, { external }]) => !external);
  if (declared.length === 0) return [];
  const filters = { label: [`${LABEL.project}=${project.name}`] };
  const found = await context.client.networks.list(filters);
  return declared.flatMap(([key, { name }]) =>
    found
      .filter(({ Name, Labels }) => Name === name && Labels?.[LABEL.network] === key)
      .map(
        ({ Id }) =>
          () =>
            removeThing(context, `Network ${name}`, () => context.client.networks.remove(Id)),
      ),
  );
}

function imagesOf(
  context: ComposeContext,
  project: Project,
  which: "local" | "all",
): (() => Promise<void>)[] {
  const names = Object.values(project.services)
    .filter(({ image }) => which === "all" || image === undefined)
    .map((service) => imageName(project.name, service, context.separator));
  return [...new Set(names)].map(
    (name) => () =>
      removeThing(context, `Image ${name}`, async () => void (await context.client.images.remove(name))),
  );
}

function volumesOf(context: ComposeContext, project: Project): (() => Promise<void>)[] {
  return Object.values(project.volumes)
    .filter(({ external }) => !external)
    .map(
      ({ name }) =>
        () =>
          removeVolume(context, project, name),
    );
}

async function removeVolume(context: ComposeContext, project: Project, name: string): Promise<void> {
  const { volumes } = context.client;
  const { Volumes } = await volumes.list({ name: [name] });
  const found = (Volumes ?? []).find((one) => one.Name === name);
  if (!found) return;
  const owner = found.Labels?.[LABEL.project];
  if (owner === project.name)
    return await removeThing(context, `Volume ${name}`, () => volumes.remove(name, { force: true }));
  const details = owner ? `Volume belongs to project "${owner}"` : "Volume was not created by Compose";
  context.onProgress({ id: `Volume ${name}`, status: "warning", text: "Skipped", details });
}

/** What is in use stays, what is gone is gone; neither is a failure. */
async function removeThing(context: ComposeContext, id: string, remove: () => Promise<void>): Promise<void> {
  const { onProgress, limiter, dryRun } = context;
  onProgress({ id, status: "working", text: "Removing" });
  try {
    if (!dryRun) await limiter.run(remove);
    onProgress({ id, status: "done", text: "Removed" });
  } catch (error) {
    if (error instanceof NotFound)
      return onProgress({ id, status: "done", text: "Warning: No resource found to remove" });
    const isInUse = error instanceof Conflict || /has active endpoints|in use/.test(messageOf(error));
    if (isInUse) return onProgress({ id, status: "warning", text: "Resource is still in use" });
    onProgress({ id, status: "error", text: messageOf(error) });
    throw error;
  }
}

/** All are tried. @throws the first failure, with the others behind it */
async function settle(work: readonly Promise<void>[]): Promise<void> {
  const failures = (await Promise.allSettled(work)).filter((result) => result.status === "rejected");
  if (failures.length === 1) throw failures[0]!.reason;
  if (failures.length > 1)
    throw new AggregateError(
      failures.map(({ reason }) => reason),
      failures.map(({ reason }) => messageOf(reason)).join("\n"),
    );
}
