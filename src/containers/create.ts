import { mkdirSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import { mountPlaceHole } from "#runtime/known-holes.ts";
import type { ContainerCreateRequest } from "#spec/docker/containers.ts";
import type { PlannedMount } from "#volumes/types.ts";
import { checkGroupParent } from "./cgroup-path.ts";
import { storageSize } from "./check-host-config.ts";
import type { Context } from "./context.ts";
import { planContainer } from "./create-plan.ts";
import { FreshVolumes, makeImageSnapshots } from "./create-volumes.ts";
import { findDebugged } from "./debug.ts";
import { emitContainerEvent } from "./emit.ts";
import { resolveLinks } from "./links.ts";
import { containerOfMode, networkKind } from "./modes.ts";
import { pickName } from "./names.ts";
import { pathsOf } from "./paths.ts";
import { racedMount, racedMountWarning } from "./raced-mounts.ts";
import { removeBelongings } from "./remove.ts";
import { checkName } from "./rename.ts";
import type { ContainerRecord } from "./types.ts";

export interface CreateRequest {
  readonly name: string | undefined;
  readonly platform: string | undefined;
  readonly body: ContainerCreateRequest;
}

/**
 * Check, plan, record, then what the record promises. A container whose writable directory is missing was never
 * answered for: the next daemon removes it.
 */
export async function createContainer(
  ctx: Context,
  request: CreateRequest,
): Promise<{ readonly id: string; readonly warnings: string[] }> {
  const runtime = request.body.HostConfig?.Runtime;
  if (runtime?.startsWith("/")) await ctx.runtime.isRuntime(runtime); // one that is joins those the plan knows
  const { record, chainId, warnings } = planRecord(ctx, request);
  return await ctx.locks.run(record.id, async () => {
    ctx.records.put(record);
    const volumes = new FreshVolumes(ctx, record);
    try {
      const mounts = await volumes.make();
      if (mounts.some((mount, index) => mount !== record.mounts[index]))
        ctx.records.update(record.id, { mounts });
      await makeImageSnapshots(ctx, record);
      mkdirSync(pathsOf(ctx.settings, record.id).directory, { recursive: true, mode: 0o710 });
      await ctx.snapshots.createWritable(record.id, chainId, { sizeBytes: storageSize(record.hostConfig) });
    } catch (error) {
      await undoCreate(ctx, record);
      await volumes.remove();
      throw error;
    }
    emitContainerEvent(ctx, record, "create");
    return {
      id: record.id,
      warnings: [...warnings, ...publishNotices(ctx, record), ...raceWarnings(ctx, record)],
    };
  });
}

/** Which rules decide who reaches a published port, where that is not what Docker's users know. */
function publishNotices(ctx: Context, { hostConfig }: ContainerRecord): string[] {
  const publishes = hostConfig.PublishAllPorts || Object.keys(hostConfig.PortBindings ?? {}).length > 0;
  const notice =
    publishes && networkKind(hostConfig.NetworkMode) === "networks" && ctx.networks.publishNotice();
  return notice ? [notice] : [];
}

/** Containers that one with the new one's volumes can disturb while an old runc starts them, itself among them. */
function raceWarnings(ctx: Context, record: ContainerRecord): string[] {
  const { runtimes } = ctx.runtime;
  const holeOf = (name: string) => mountPlaceHole(runtimes.get(name)?.version ?? "");
  const holes = new Map([...runtimes.keys()].map((name) => [name, holeOf(name)]));
  if (record.mounts.length === 0 || [...holes.values()].every((hole) => hole === undefined)) return [];
  const warnings: string[] = [];
  const look = (container: ContainerRecord, others: Iterable<ContainerRecord>) => {
    const hole = holes.get(container.hostConfig.Runtime ?? ctx.runtime.defaultName);
    const raced = hole === undefined ? undefined : racedMount(container, others);
    if (raced) warnings.push(racedMountWarning(hole!, raced));
  };
  look(record, ctx.records.all());
  for (const other of ctx.records.all()) if (other.id !== record.id) look(other, [record]);
  return warnings;
}

/** No waiting in here: between the look at the names and the record nobody else may take one. */
function planRecord(
  ctx: Context,
  { name: askedName, platform, body }: CreateRequest,
): {
  readonly record: ContainerRecord;
  readonly chainId: string | undefined;
  readonly warnings: readonly string[];
} {
  const name = chooseName(ctx, askedName);
  checkGroupParent(ctx.settings.cgroups, body.HostConfig?.CgroupParent);
  if (!body.Image) throw new InvalidArgument("no command specified");
  const image = ctx.images.get(body.Image, platform);
  const { container: planned, warnings } = planContainer(withOwnerIds(ctx, body), {
    id: newId(),
    name,
    created: ctx.ticker.now(),
    image,
    host: ctx.settings.host,
    defaults: ctx.defaults,
    specs: ctx.specs,
    sharedHostname: findSharedHostname(ctx, body),
  });
  const { Links } = planned.hostConfig;
  const hostConfig = Links ? { ...planned.hostConfig, Links: resolveLinks(ctx, Links) } : planned.hostConfig;
  const { debugs } = planned;
  const record = {
    ...planned,
    hostConfig,
    mounts: planMounts(ctx, planned),
    ...(debugs === undefined ? {} : { debugs: findDebugged(ctx, debugs, planned) }),
  };
  return { record, chainId: image.chainId, warnings };
}

function chooseName(ctx: Context, asked: string | undefined): string {
  if (!asked) return pickName(Math.random, (name) => ctx.records.findByName(name) !== undefined);
  const name = asked.replace(/^\//, "");
  checkName(name);
  ctx.records.checkNameIsFree(name);
  return name;
}

function findSharedHostname(ctx: Context, body: ContainerCreateRequest): string | undefined {
  const owner = containerOfMode(body.HostConfig?.NetworkMode);
  return owner === undefined ? undefined : ctx.records.find(owner)?.config.Hostname;
}

/**
 * Whose namespaces are shared is noted by id: the other may be renamed. A network's owner that is not there is missed
 * at the start, as Docker does.
 * @throws InvalidArgument in Docker's words
 */
function withOwnerIds(ctx: Context, body: ContainerCreateRequest): ContainerCreateRequest {
  const { NetworkMode, IpcMode, PidMode } = body.HostConfig ?? {};
  const idOf = (mode: string | undefined, isRequired: boolean) => {
    const owner = containerOfMode(mode);
    const found = owner ? ctx.records.find(owner) : undefined;
    if (owner && isRequired && !found) throw new InvalidArgument(`No such container: ${owner}`);
    return found ? `container:${found.id}` : mode;
  };
  const modes = {
    NetworkMode: idOf(NetworkMode, false),
    IpcMode: idOf(IpcMode, true),
    PidMode: idOf(PidMode, true),
  };
  return { ...body, HostConfig: { ...body.HostConfig, ...modes } };
}

function planMounts(ctx: Context, planned: Omit<ContainerRecord, "mounts">): readonly PlannedMount[] {
  return ctx.planMounts({
    config: planned.config,
    hostConfig: planned.hostConfig,
    mountsOf: (nameOrId) => {
      const other = ctx.records.find(nameOrId);
      if (!other) throw new InvalidArgument(`No such container: ${nameOrId}`);
      return other.mounts;
    },
    imageOf: (name) => {
      const image = ctx.images.find(name, planned.platform.includes("/") ? planned.platform : undefined);
      if (!image) throw new InvalidArgument(`invalid mount config for type "image": No such image: ${name}`);
      return image.id;
    },
  });
}

/** A container that nobody was told of goes away with everything it had. */
export async function undoCreate(ctx: Context, record: ContainerRecord): Promise<void> {
  try {
    await removeBelongings(ctx, record, { volumes: true });
  } catch (error) {
    ctx.log.error("cannot undo the creation of a container", { container: record.id, error });
  }
  ctx.records.delete(record.id);
}
