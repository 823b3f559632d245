import { mkdirSync } from "node:fs";
import { NotFound } from "#base/errors.ts";
import type { SandboxRecord } from "#network/types.ts";
import { buildRuntimeSpec } from "#runtime/spec/build.ts";
import type { SpecMount } from "#runtime/spec/types.ts";
import type { PendingAttach, RestoreSource, SupervisedProcess } from "#runtime/types.ts";
import type { RuntimeSpec } from "#spec/oci/runtime.ts";
import { cgroupPathOf, parentGroupOf } from "./cgroup-path.ts";
import { prepareLog } from "./container-log.ts";
import type { Context } from "./context.ts";
import { debugMounts } from "./debug.ts";
import { generatedFiles, writeGeneratedFiles } from "./files.ts";
import { checkLinks, linkedEnvironment } from "./links.ts";
import { containerOfMode } from "./modes.ts";
import { findMountSources } from "./mount-sources.ts";
import { chooseNamespaces, runningContainer, sharedMemoryPath } from "./namespaces.ts";
import { pathsOf, rootsDirectory, shmDirectory } from "./paths.ts";
import { relabelSources } from "./relabel.ts";
import { sandboxRequest } from "./sandbox-request.ts";
import type { ContainerRecord } from "./types.ts";
import { openUserNamespace, shiftVolumes } from "./user-namespace.ts";

/**
 * The spine of `run`: each line names the part that does it. What the steps take, `releaseRun` gives back, for a run
 * that ends and for one that got only half way here.
 */
export async function launch(
  ctx: Context,
  record: ContainerRecord,
  readers: readonly PendingAttach[],
  restore?: RestoreSource,
): Promise<SupervisedProcess> {
  const paths = pathsOf(ctx.settings, record.id);
  checkLinks(ctx, record);
  mountRoot(ctx, record);
  const found = [...(await findMountSources(ctx, record, paths.root)), ...debugMounts(ctx, record)];
  if (ctx.specs.host.selinux) await relabelSources(ctx, record, found);
  const userPath = await openUserNamespace(ctx, record);
  const mounts = userPath === undefined ? found : shiftVolumes(ctx, record, found);
  if (userPath !== undefined) shiftRoot(ctx, record);
  const sandbox = openSandbox(ctx, record);
  const parent = parentGroupOf(record);
  if (parent !== undefined && ctx.settings.cgroups.driver === "cgroupfs") ctx.runtime.prepareParent(parent);
  const spec = describe(ctx, record, { sandbox, mounts, userPath });
  await ctx.networks.settled(sandbox.containerId);
  return await ctx.runtime.start({
    id: record.id,
    runDirectory: paths.runDirectory,
    stateDirectory: paths.directory,
    spec,
    terminal: record.config.Tty ?? false,
    openStdin: record.config.OpenStdin ?? false,
    stdinOnce: record.config.StdinOnce ?? false,
    log: prepareLog(ctx, record),
    runtime: runtimeOf(ctx, record),
    restore,
    attach: readers,
  });
}

/** Name of the OCI runtime a container runs under. */
export function runtimeOf(ctx: Pick<Context, "runtime">, { hostConfig }: ContainerRecord): string {
  return hostConfig.Runtime || ctx.runtime.defaultName;
}

function mountRoot(ctx: Context, record: ContainerRecord): void {
  const { root, shm } = pathsOf(ctx.settings, record.id);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  ctx.mounts.root(ctx.snapshots.rootMount(record.id), root);
  if (record.hostConfig.IpcMode !== "shareable") return;
  mkdirSync(shm, { recursive: true, mode: 0o700 });
  ctx.mounts.shm(shm, record.hostConfig.ShmSize || ctx.settings.shmSizeBytes);
}

/** Volumes were filled from the root with its ids on disk; from here on it is the container's. */
function shiftRoot(ctx: Context, record: ContainerRecord): void {
  const { root } = pathsOf(ctx.settings, record.id);
  for (const directory of [rootsDirectory(ctx.settings), shmDirectory(ctx.settings)])
    ctx.userns.letThrough(directory);
  ctx.mounts.unmount(root);
  ctx.mounts.root(ctx.snapshots.rootMount(record.id), root, { shifted: true });
}

/** The container's own place in its networks with the files that tell of it, or that of the container it joins. */
function openSandbox(ctx: Context, record: ContainerRecord): SandboxRecord {
  const owner = containerOfMode(record.hostConfig.NetworkMode);
  if (owner === undefined) {
    const sandbox = ctx.networks.openSandbox(sandboxRequest(record));
    writeGeneratedFiles(ctx, record, sandbox);
    return sandbox;
  }
  const donor = runningContainer(ctx, record, owner, "network");
  const next = containerOfMode(donor.hostConfig.NetworkMode);
  const sandbox = ctx.networks.sandbox(next === undefined ? donor.id : ctx.records.resolve(next).id);
  if (!sandbox) throw new NotFound(`container ${donor.id} has no network to join`);
  return sandbox;
}

interface Surroundings {
  readonly sandbox: SandboxRecord;
  readonly mounts: readonly SpecMount[];
  /** Of the user namespace; undefined for the host's. */
  readonly userPath: string | undefined;
}

function describe(
  ctx: Context,
  record: ContainerRecord,
  { sandbox, mounts, userPath }: Surroundings,
): RuntimeSpec {
  const { root } = pathsOf(ctx.settings, record.id);
  const { spec, warnings } = buildRuntimeSpec({
    id: record.id,
    config: { ...record.config, Env: [...linkedEnvironment(ctx, record), ...(record.config.Env ?? [])] },
    hostConfig: record.hostConfig,
    rootfs: root,
    mounts,
    files: userPath === undefined ? generatedFiles(ctx, record) : shiftedFiles(ctx, record),
    namespaces: {
      ...chooseNamespaces(ctx, record, sandbox),
      user: userPath === undefined ? "host" : { path: userPath },
    },
    idMappings: userPath === undefined ? undefined : ctx.userns.mappings,
    shmPath: sharedMemoryPath(ctx, record),
    cgroupPath: cgroupPathOf(ctx.settings, record),
    accounts: ctx.specs.readAccounts(root),
    devices: ctx.specs.readDevices(record.hostConfig),
    cdiEdits: ctx.specs.findCdiEdits(record.hostConfig.DeviceRequests),
    host: ctx.specs.host,
    defaults: ctx.specs.defaults,
    initPath: ctx.specs.initPath,
  });
  if (warnings.length > 0)
    ctx.log.warn("container gets less than asked for", { container: record.id, warnings });
  return spec;
}

function shiftedFiles(ctx: Context, record: ContainerRecord): ReturnType<typeof generatedFiles> {
  const { hosts, hostname, resolvConf } = generatedFiles(ctx, record);
  const shifted = (path: string) => ctx.userns.shifted(path);
  return { hosts: shifted(hosts), hostname: shifted(hostname), resolvConf: shifted(resolvConf) };
}
