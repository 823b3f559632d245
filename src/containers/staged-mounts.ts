/**
 * Sources of mounts that are no directory of their own: a place in a volume or in an image, an image's files, a directory
 * whose ids are exchanged. Each is put together below a directory of the container's, where its runtime finds it under a
 * name that nobody else can redirect between our look and the runtime's.
 */
import { existsSync, mkdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno, namesIn } from "#base/fs.ts";
import { resolveUser } from "#runtime/spec/user.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { Context } from "./context.ts";
import { pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";
import { isRemapped } from "./user-namespace.ts";

type Parts = Pick<Context, "mounts" | "settings" | "snapshots" | "userns" | "specs">;

/** @returns its files, or those of its subpath @throws InvalidArgument when that is not in it */
export function stageImage(ctx: Parts, record: ContainerRecord, index: number): string {
  const mount = record.mounts[index]!;
  const files = join(stageDirectory(ctx, record), `${index}.image`);
  mkdirSync(files, { recursive: true, mode: 0o700 });
  const shifted = isRemapped(ctx, record);
  ctx.mounts.image(ctx.snapshots.rootMount(mount.image!.snapshot), files, { shifted });
  return mount.subpath ? stageBelow(ctx, record, { index, directory: files, what: "image" }) : files;
}

/**
 * A link in a volume is another container's doing: the place it leads to must still be in the volume, now and when it is
 * mounted.
 * @throws InvalidArgument
 */
export function stageBelow(
  ctx: Pick<Parts, "mounts" | "settings">,
  record: ContainerRecord,
  { index, directory, what }: { readonly index: number; readonly directory: string; readonly what: string },
): string {
  const { subpath = "", recursive } = record.mounts[index]!;
  const target = join(stageDirectory(ctx, record), `${index}`);
  try {
    ctx.mounts.below(directory, subpath, target, { recursive });
  } catch (error) {
    const reason = isErrno(error, "EXDEV") ? "it leads out of it" : messageOf(error);
    throw new InvalidArgument(`cannot access path ${subpath} of the ${what}: ${reason}`, { cause: error });
  }
  return target;
}

/** @returns the source itself where no ids are exchanged, or there is nothing to exchange */
export async function stageIdExchange(
  ctx: Parts,
  record: ContainerRecord,
  { index, root, source }: { readonly index: number; readonly root: string; readonly source: string },
): Promise<string> {
  const mount = record.mounts[index]!;
  if (mount.idmap === undefined) return source;
  const user = hostIdsOf(ctx, record, root);
  const owner = ownerOf(mount, source);
  if (user.uid === owner.uid && user.gid === owner.gid) return source;
  const target = join(stageDirectory(ctx, record), `${index}`);
  await ctx.mounts.exchangingIds(source, target, {
    uids: [owner.uid, user.uid],
    gids: [owner.gid, user.gid],
    recursive: mount.recursive,
  });
  return target;
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

function ownerOf({ idmap }: PlannedMount, source: string): Ids {
  if (typeof idmap === "object") return idmap;
  const { uid, gid } = statSync(source);
  return { uid, gid };
}

/** Of the container's user, as the host counts. */
function hostIdsOf(ctx: Parts, record: ContainerRecord, root: string): Ids {
  const { uid, gid } = resolveUser(record.config.User ?? "", [], ctx.specs.readAccounts(root)).user;
  if (!isRemapped(ctx, record)) return { uid, gid };
  const shift = (id: number, kind: "uids" | "gids") => {
    const range = ctx.userns.mappings?.[kind].find(
      ({ containerId, size }) => id >= containerId && id < containerId + size,
    );
    return range ? id - range.containerId + range.hostId : id;
  };
  return { uid: shift(uid, "uids"), gid: shift(gid, "gids") };
}

function stageDirectory({ settings }: Pick<Parts, "settings">, { id }: ContainerRecord): string {
  const { staged } = pathsOf(settings, id);
  mkdirSync(staged, { recursive: true, mode: 0o700 });
  return staged;
}

/** Where a mount of a running container was put together; undefined where it was not. */
export function stagedSource(
  { settings }: Pick<Context, "settings">,
  { id }: ContainerRecord,
  index: number,
): string | undefined {
  const { staged } = pathsOf(settings, id);
  return [join(staged, `${index}`), join(staged, `${index}.image`)].find((path) => existsSync(path));
}

/** Whatever is there, also what a crash left. Gone already counts as done. */
export function releaseStaged({ mounts }: Pick<Context, "mounts">, directory: string): void {
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    mounts.unmount(path);
    removePlace(path);
  }
  ignoringMissing(() => rmdirSync(directory));
}

/** A place was made empty: not recursive, should the unmount have failed nothing of another may be touched. */
function removePlace(path: string): void {
  ignoringMissing(() => (statSync(path).isDirectory() ? rmdirSync(path) : unlinkSync(path)));
}

function ignoringMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
