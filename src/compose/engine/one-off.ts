/** `run`: one container of a service for one command, beside its replicas. */
import { InvalidArgument } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import type { Mount } from "../model/container-types.ts";
import type { Port, Project, Service } from "../model/types.ts";
import { createContainer } from "./act/create-container.ts";
import { injectFiles, planFiles } from "./act/files.ts";
import { ensureImages } from "./act/images.ts";
import { waitForCondition } from "./act/wait.ts";
import { StateWatch } from "./act/watch.ts";
import { withApiSocket } from "./api-socket.ts";
import { LABEL, type Labels } from "./labels.ts";
import { isReplica } from "./lifecycle.ts";
import { listProjectContainers } from "./observe.ts";
import { refuseTooNew } from "./old-engines.ts";
import type { Condition } from "./plan/types.ts";
import { withProviders } from "./providers.ts";
import type { Referable } from "./references.ts";
import { refuseUnsupported } from "./refuse.ts";
import type { ComposeContext, ObservedContainer } from "./types.ts";
import { prepareUp } from "./up.ts";

/** What a command line changes about a service for one run. Absent: as the service says. */
export interface RunChanges {
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string | null>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly labels: Labels;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly volumes: readonly Mount[];
  /** Instead of the service's: a one-off container publishes nothing unless told to. */
  readonly ports: readonly Port[];
  readonly usesServicePorts: boolean;
  readonly tty: boolean;
  readonly interactive: boolean;
}

/** Pure. */
export function changedService(service: Service, changes: RunChanges): Service {
  const { command, entrypoint, environment, user, workingDir, labels, capAdd, capDrop, volumes } = changes;
  const { restart: _, container_name: __, deploy, ...rest } = service;
  const { restart_policy: ___, ...restOfDeploy } = deploy ?? {};
  const without = (all: readonly string[] = [], gone: readonly string[]) =>
    all.filter((one) => !gone.includes(one));
  return {
    ...rest,
    ...(deploy ? { deploy: restOfDeploy } : {}),
    scale: 1,
    tty: changes.tty,
    stdin_open: changes.interactive,
    ports: changes.usesServicePorts ? (service.ports ?? []) : changes.ports,
    ...(entrypoint ? { entrypoint, command: command ?? [] } : {}),
    ...(command && command.length > 0 ? { command } : {}),
    ...(user ? { user } : {}),
    ...(workingDir ? { working_dir: workingDir } : {}),
    ...(Object.keys(environment).length > 0
      ? { environment: { ...service.environment, ...environment } }
      : {}),
    ...(Object.keys(labels).length > 0 ? { labels: { ...service.labels, ...labels } } : {}),
    ...(capAdd.length + capDrop.length > 0
      ? {
          cap_add: [...without(service.cap_add, capDrop), ...capAdd],
          cap_drop: [...without(service.cap_drop, capAdd), ...capDrop],
        }
      : {}),
    ...(volumes.length > 0 ? { volumes: [...(service.volumes ?? []), ...volumes] } : {}),
  };
}

export interface RunOptions {
  readonly changes: RunChanges;
  /** `--name`; "" makes one up. */
  readonly name: string;
  readonly noDeps: boolean;
  readonly noRecreate: boolean;
  readonly autoRemove: boolean;
  readonly attachStdin: boolean;
  readonly useAliases: boolean;
  readonly quietPull: boolean;
  readonly pullPolicy?: string;
  readonly removeOrphans: boolean;
  readonly ignoresOrphans: boolean;
}

export interface CreatedOneOff extends Referable {
  /** As it was made. */
  readonly service: Service;
}

/** Starts what the service depends on, then makes the container; it is not started yet. */
export async function createOneOff(
  context: ComposeContext,
  asWritten: Project,
  { name: serviceName }: Service,
  options: RunOptions,
): Promise<CreatedOneOff> {
  refuseUnsupported({ ...asWritten, services: { [serviceName]: asWritten.services[serviceName]! } });
  if (asWritten.services[serviceName]!.provider)
    throw new InvalidArgument(
      `service "${serviceName}" has a provider: there is no container to run a command in`,
    );
  const provided = options.noDeps ? asWritten : await withProviders(context, asWritten);
  const project = await withApiSocket(context, provided);
  const service = project.services[serviceName]!;
  await startDependencies(context, project, service, options);
  const changed = changedService(service, options.changes);
  const only = { ...project, services: { [service.name]: changed } };
  const [images, all] = await Promise.all([
    ensureImages(context, only, {
      quiet: options.quietPull,
      ...(options.pullPolicy ? { policy: options.pullPolicy } : {}),
    }),
    listProjectContainers(context.client, project.name),
  ]);
  refuseTooNew(only, context.client.http.apiVersion);
  const containers = Object.groupBy(all.filter(isReplica), (one) => one.service);
  if (!options.noDeps) await waitForDependencies(context, project, { service, containers });
  const slug = newId();
  const name = options.name || [project.name, service.name, "run", slug.slice(0, 12)].join(context.separator);
  const created = await createContainer(context, project, {
    service: changed,
    number: 0,
    name,
    image: images[service.name]!,
    labels: { [LABEL.slug]: slug },
    isOneOff: true,
    useAliases: options.useAliases,
    attachStdin: options.attachStdin,
    autoRemove: options.autoRemove,
    containers,
  });
  await injectFiles(context.client, created.id, planFiles(project, changed));
  return { ...created, service: changed };
}

/** @param project with the services the one of the command depends on; networks and volumes are made in any case */
async function startDependencies(
  context: ComposeContext,
  project: Project,
  { name }: Service,
  options: RunOptions,
): Promise<void> {
  const { [name]: own, ...dependencies } = project.services;
  const others = {
    ...project,
    services: options.noDeps ? {} : dependencies,
    disabledServices: {
      ...project.disabledServices,
      ...(options.noDeps ? dependencies : {}),
      ...(own && { [name]: own }),
    },
  };
  const policy = options.noRecreate ? "never" : "diverged";
  using run = await prepareUp(context, others, {
    targets: [],
    recreate: policy,
    recreateDependencies: policy,
    inheritsVolumes: true,
    removeOrphans: options.removeOrphans,
    ignoresOrphans: options.ignoresOrphans,
    quietPull: options.quietPull,
    starts: true,
    ...(options.pullPolicy ? { pullPolicy: options.pullPolicy } : {}),
  });
  await run.create();
  await run.start();
}

interface Dependent {
  readonly service: Service;
  readonly containers: Readonly<Record<string, readonly ObservedContainer[] | undefined>>;
}

async function waitForDependencies(
  context: ComposeContext,
  project: Project,
  { service, containers }: Dependent,
): Promise<void> {
  const waits = Object.entries(service.depends_on ?? {}).filter(
    ([name, { condition }]) => condition !== "service_started" && name in project.services,
  );
  if (waits.length === 0 || context.dryRun) return;
  using watch = new StateWatch(context.client, { label: [`${LABEL.project}=${project.name}`] });
  await Promise.all(
    waits.map(([name, { condition, required }]) =>
      waitForCondition(context, watch, {
        service: name,
        condition: condition as Condition,
        isRequired: required,
        containers: containers[name] ?? [],
        timeoutMs: 0,
      }),
    ),
  );
}
