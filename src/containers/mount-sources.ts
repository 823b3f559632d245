import { mkdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { Internal, InvalidArgument, messageOf, NotImplemented } from "#base/errors.ts";
import type { SpecMount } from "#runtime/spec/types.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { Context } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

type Parts = Pick<Context, "volumes" | "copyUp">;

/**
 * Every planned mount with its source found: volumes made usable and filled, missing directories made where allowed.
 * @param root the container's mounted root, whose files an empty volume gets
 */
export async function findMountSources(
  ctx: Parts,
  record: ContainerRecord,
  root: string,
): Promise<SpecMount[]> {
  const mounts: SpecMount[] = [];
  for (const mount of record.mounts) {
    const source = await findSource(ctx, record.id, mount, root);
    mounts.push({
      type: mount.type === "tmpfs" ? "tmpfs" : "bind",
      destination: mount.destination,
      source,
      readOnly: mount.readOnly,
      // Nothing is below a file; asked to make all below it read-only, crun makes a directory of a missing target.
      recursive: mount.recursive && isDirectory(source),
      writableBelow: mount.spec?.BindOptions?.ReadOnlyNonRecursive ?? false,
      propagation: mount.propagation,
      tmpfsOptions: mount.tmpfsOptions,
    });
  }
  return mounts;
}

function isDirectory(source: string): boolean {
  return statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? true;
}

async function findSource(ctx: Parts, id: string, mount: PlannedMount, root: string): Promise<string> {
  switch (mount.type) {
    case "tmpfs":
      return "";
    case "bind":
      return findBindSource(mount);
    case "volume":
      return await findVolume(ctx, id, mount, root);
    case "image":
      throw new NotImplemented(`mount ${mount.destination}: images cannot be mounted`);
  }
}

/** @throws InvalidArgument in Docker's words when it is not there and must not be made */
export function findBindSource({ source, createSource }: PlannedMount): string {
  if (statSync(source, { throwIfNoEntry: false })) return source;
  if (!createSource)
    throw new InvalidArgument(
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    );
  try {
    mkdirSync(source, { recursive: true });
  } catch (error) {
    throw new Internal(`error while creating mount source path '${source}': ${messageOf(error)}`, {
      cause: error,
    });
  }
  return source;
}

async function findVolume(ctx: Parts, id: string, mount: PlannedMount, root: string): Promise<string> {
  const directory = ctx.volumes.mount(mount.volume!, id, mount);
  if (mount.copyUp) await ctx.copyUp({ root, path: mount.destination, directory });
  return mount.subpath ? findBelow(directory, mount.subpath) : directory;
}

/** A link in a volume is another container's doing: the place it leads to must still be in the volume. */
function findBelow(directory: string, subpath: string): string {
  try {
    const found = realpathSync(join(directory, subpath));
    if (found === directory || found.startsWith(`${realpathSync(directory)}/`)) return found;
  } catch (error) {
    throw new InvalidArgument(`cannot access path ${subpath} of the volume: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new InvalidArgument(`cannot access path ${subpath} of the volume: it leads out of it`);
}
