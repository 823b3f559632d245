/** `up`, `create`, `scale` and what `run` needs first: from a project to containers. */
import type { Project, Service } from "../model/types.ts";
import { PlanRun } from "./act/execute.ts";
import type { HookOutput } from "./act/hooks.ts";
import { ensureImages } from "./act/images.ts";
import { waitForCondition } from "./act/wait.ts";
import { StateWatch } from "./act/watch.ts";
import { withApiSocket } from "./api-socket.ts";
import { LABEL } from "./labels.ts";
import { listProjectContainers, observe } from "./observe.ts";
import { refuseTooNew } from "./old-engines.ts";
import { planUp, touchedContainers } from "./plan/plan.ts";
import { replicasOf } from "./plan/services.ts";
import type { Condition, Plan, PlanOptions } from "./plan/types.ts";
import { changedVolumes } from "./plan/volumes.ts";
import { withProviders } from "./providers.ts";
import { ignoredAttributes, refuseUnsupported } from "./refuse.ts";
import type { ComposeContext, Observed } from "./types.ts";

export interface UpOptions extends Omit<PlanOptions, "recreateVolumes"> {
  /** Nothing is said of containers that belong to no service. */
  readonly ignoresOrphans: boolean;
  readonly quietPull: boolean;
  /** `--pull`: instead of what services say. */
  readonly pullPolicy?: string;
  readonly stopTimeoutSeconds?: number;
  /** Milliseconds for each condition that is waited for; 0: no end. */
  readonly waitTimeoutMs?: number;
  readonly onHookOutput?: HookOutput;
}

/** Looks at what there is, fetches images and plans; nothing of the project has changed when it resolves. */
export async function prepareUp(
  context: ComposeContext,
  asWritten: Project,
  options: UpOptions,
): Promise<PlanRun> {
  refuseUnsupported(asWritten);
  const project = await withApiSocket(context, await withProviders(context, asWritten));
  for (const text of ignoredAttributes(project)) context.warn(text);
  const imageOptions = {
    quiet: options.quietPull,
    ...(options.pullPolicy ? { policy: options.pullPolicy } : {}),
  };
  const [observed, images] = await Promise.all([
    observe(context.client, project),
    ensureImages(context, project, imageOptions),
  ]);
  refuseTooNew(project, context.client.http.apiVersion);
  const { hashes, separator } = context;
  const recreateVolumes = await askAboutVolumes(context, project, observed);
  const plan = planUp({
    project,
    observed,
    images,
    hashes,
    separator,
    options: { ...options, recreateVolumes },
  });
  for (const warning of plan.warnings) context.warn(warning);
  if (!options.removeOrphans && !options.ignoresOrphans) warnOfOrphans(context, observed);
  tellOfRunning(context, project, { observed, plan });
  return new PlanRun(context, { ...options, project, observed, images, plan });
}

async function askAboutVolumes(
  context: ComposeContext,
  project: Project,
  observed: Observed,
): Promise<ReadonlySet<string>> {
  const agreed = new Set<string>();
  for (const key of changedVolumes({ project, observed, hashes: context.hashes })) {
    const { name } = project.volumes[key]!;
    const question = `Volume "${name}" exists but doesn't match configuration in compose file. Recreate (data will be lost)?`;
    if (await context.confirm(question)) agreed.add(key);
  }
  return agreed;
}

function warnOfOrphans({ warn }: ComposeContext, { orphans }: Observed): void {
  if (orphans.length === 0) return;
  const names = orphans.map(({ name }) => name).join(", ");
  warn(
    `Found orphan containers (${names}) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.`,
  );
}

/** Containers that are right and run already are part of the picture. */
function tellOfRunning(
  { onProgress }: ComposeContext,
  project: Project,
  { observed, plan }: { readonly observed: Observed; readonly plan: Plan },
): void {
  const touched = touchedContainers(plan);
  for (const name of Object.keys(project.services))
    for (const container of observed.containers[name] ?? [])
      if (container.state === "running" && !touched.has(container.id))
        onProgress({ id: `Container ${container.name}`, status: "done", text: "Running" });
}

/**
 * Waits until all services of the project are up: healthy where they can be, running elsewhere, ended where another one
 * waits for their end.
 */
export async function waitUntilUp(
  context: ComposeContext,
  project: Project,
  timeoutMs: number,
): Promise<void> {
  if (context.dryRun) return;
  const containers = await listProjectContainers(context.client, project.name);
  using watch = new StateWatch(context.client, { label: [`${LABEL.project}=${project.name}`] });
  await Promise.all(
    Object.values(project.services)
      .filter((service) => replicasOf(service) > 0 && !service.provider)
      .map(({ name }) =>
        waitForCondition(context, watch, {
          service: name,
          condition: conditionFor(project, name),
          isRequired: true,
          containers: containers.filter(({ service, isOneOff }) => service === name && !isOneOff),
          timeoutMs,
        }),
      ),
  );
}

/** Its containers have an end, which is what they are for. */
function isJob({ deploy }: Service): boolean {
  return deploy?.mode === "replicated-job" || deploy?.mode === "global-job";
}

function conditionFor({ services }: Project, name: string): Condition {
  const isAwaited = Object.values(services).some(
    ({ depends_on }) => depends_on?.[name]?.condition === "service_completed_successfully",
  );
  return isAwaited || isJob(services[name]!) ? "service_completed_successfully" : "running_or_healthy";
}
