import { Conflict } from "#base/errors.ts";
import type { SpecMount } from "#runtime/spec/types.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { Context } from "./context.ts";
import { containerOfMode } from "./modes.ts";
import { runningContainer } from "./namespaces.ts";
import type { ContainerRecord } from "./types.ts";

type Parts = Pick<Context, "records" | "userns">;

/** Whether the container's ids are shifted: the daemon remaps, and nobody asked for the host's. */
export function isRemapped(
  { userns }: Pick<Context, "userns">,
  { hostConfig }: Pick<ContainerRecord, "hostConfig">,
): boolean {
  return userns.mappings !== undefined && hostConfig.UsernsMode !== "host";
}

/** @returns the namespace's path; undefined for the host's @throws Conflict when it would join a foreign one */
export async function openUserNamespace(ctx: Parts, record: ContainerRecord): Promise<string | undefined> {
  if (ctx.userns.mappings === undefined) return undefined;
  const donors = donorsOf(record.hostConfig).map(([kind, name]) => runningContainer(ctx, record, name, kind));
  const isOwn = isRemapped(ctx, record);
  const foreign = donors.find((donor) => isRemapped(ctx, donor) !== isOwn);
  if (foreign)
    throw new Conflict(
      `cannot join a namespace of container ${foreign.id}: it lives in another user namespace (one of the two says userns=host)`,
    );
  if (!isOwn) return undefined;
  const donor = donors[0] && ctx.userns.pathOf(ownerOf(ctx, donors[0]).id);
  return await ctx.userns.open(record.id, {
    ownNetwork: containerOfMode(record.hostConfig.NetworkMode) === undefined,
    ...(donor === undefined ? {} : { donor }),
  });
}

type Kind = Parameters<typeof runningContainer>[3];

/** Containers whose namespaces this one joins. */
function donorsOf({ NetworkMode: network, PidMode: pid, IpcMode: ipc }: HostConfig): [Kind, string][] {
  const modes: [Kind, string | undefined][] = [
    ["network", network],
    ["pid", pid],
    ["ipc", ipc],
  ];
  return modes.flatMap(([kind, mode]): [Kind, string][] => {
    const name = containerOfMode(mode);
    return name === undefined ? [] : [[kind, name]];
  });
}

/** A donor may itself live in its own donor's namespace. */
function ownerOf(ctx: Parts, donor: ContainerRecord): ContainerRecord {
  const seen = new Set<string>();
  let owner = donor;
  while (!seen.has(owner.id)) {
    seen.add(owner.id);
    const next = donorsOf(owner.hostConfig)[0];
    if (!next) break;
    owner = ctx.records.resolve(next[1]);
  }
  return owner;
}

/** Volumes belong to containers' root; a directory of the host's is bound as it is. */
export function shiftVolumes(
  { userns }: Pick<Context, "userns">,
  record: Pick<ContainerRecord, "mounts">,
  mounts: readonly SpecMount[],
): SpecMount[] {
  return mounts.map((mount, index) =>
    record.mounts[index]?.type === "volume" ? { ...mount, source: userns.shifted(mount.source) } : mount,
  );
}
