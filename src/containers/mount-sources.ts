import { mkdirSync, realpathSync, statSync } from "node:fs";
import { Internal, InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { SpecMount } from "#runtime/spec/types.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { Context } from "./context.ts";
import { stageBelow, stageIdExchange, stageImage } from "./staged-mounts.ts";
import type { ContainerRecord } from "./types.ts";
import { isRemapped } from "./user-namespace.ts";

type Parts = Pick<Context, "volumes" | "copyUp" | "mounts" | "settings" | "snapshots" | "userns" | "specs">;

/**
 * Every planned mount with its source found: volumes made usable and filled, missing directories made where allowed, and
 * what is no directory of its own put together. `releaseStaged` and the volumes' `unmount` give all of it back.
 * @param root the container's mounted root, whose files an empty volume gets
 * @param isWanted those that are not have no source
 */
export async function findMountSources(
  ctx: Parts,
  record: ContainerRecord,
  root: string,
  isWanted: (mount: PlannedMount) => boolean = () => true,
): Promise<SpecMount[]> {
  const mounts: SpecMount[] = [];
  for (const [index, mount] of record.mounts.entries()) {
    const source = isWanted(mount) ? await findSource(ctx, record, index, root) : "";
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
      ...(source === "" ? {} : { restrictions: ctx.mounts.restrictions(source) }),
    });
  }
  return mounts;
}

function isDirectory(source: string): boolean {
  return statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? true;
}

async function findSource(ctx: Parts, record: ContainerRecord, index: number, root: string): Promise<string> {
  const mount = record.mounts[index]!;
  switch (mount.type) {
    case "tmpfs":
      return "";
    case "bind":
      checkPropagation(ctx, mount);
      return await stageIdExchange(ctx, record, { index, root, source: findBindSource(mount) });
    case "volume":
      return await findVolume(ctx, record, index, root);
    case "image":
      return stageImage(ctx, record, index);
  }
}

/** @throws InvalidArgument in Docker's words when it is not there and must not be made */
export function findBindSource({ source, createSource }: PlannedMount): string {
  if (isThere(source)) return source;
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

function isThere(source: string): boolean {
  try {
    return statSync(source, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (!isErrno(error, "ENOTDIR")) throw error;
    throw new InvalidArgument(
      `error while creating mount source path '${source}': not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`,
      { cause: error },
    );
  }
}

/**
 * What the user wants shared with the host the host's own mount must share.
 * @throws InvalidArgument in Docker's words
 */
function checkPropagation(ctx: Pick<Parts, "mounts">, { source, mode, spec }: PlannedMount): void {
  const asked =
    spec?.BindOptions?.Propagation || mode.split(",").find((word) => /^r?(shared|slave)$/.test(word));
  const wanted = asked?.replace(/^r/, "");
  if (wanted !== "shared" && wanted !== "slave") return;
  if (!isThere(source)) return;
  const { target, peers } = ctx.mounts.mountOf(realpathSync(source));
  const has = (kind: string) => peers.some((peer) => peer.startsWith(`${kind}:`));
  if (has("shared") || (wanted === "slave" && has("master"))) return;
  const kind = wanted === "shared" ? "shared" : "shared or slave";
  throw new InvalidArgument(`path ${source} is mounted on ${target} but it is not a ${kind} mount`);
}

async function findVolume(ctx: Parts, record: ContainerRecord, index: number, root: string): Promise<string> {
  const mount = record.mounts[index]!;
  const directory = await ctx.volumes.mount(mount.volume!, record.id, mount);
  if (mount.copyUp) await ctx.copyUp({ root, path: mount.destination, directory });
  if (!mount.subpath) return directory;
  const seen = isRemapped(ctx, record) ? ctx.userns.shifted(directory) : directory;
  return stageBelow(ctx, record, { index, directory: seen, what: "volume" });
}
