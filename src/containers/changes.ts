import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { NotImplemented } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { FilesystemChange } from "#spec/docker/containers.ts";
import type { Context } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

const MODIFIED = 0;
const ADDED = 1;
const DELETED = 2;

/** Places the runtime makes for its own mounts: nothing the container changed. */
const MOUNT_POINTS = new Set([
  "/.dockerenv",
  "/dev",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/mtab",
  "/etc/resolv.conf",
  "/proc",
  "/sbin/docker-init",
  "/sys",
]);

/** What the container added, modified and deleted since its image, read from its overlay directory. */
export async function containerChanges(
  ctx: Pick<Context, "records" | "snapshots">,
  nameOrId: string,
): Promise<FilesystemChange[]> {
  const record = ctx.records.resolve(nameOrId);
  const { kind, lower, upper } = ctx.snapshots.rootMount(record.id);
  if (kind !== "overlay" || upper === undefined)
    throw new NotImplemented(`changes of container ${record.name}: the storage driver does not tell them`, {
      hint: "use the driver overlay2",
    });
  const mounted = new Set([...MOUNT_POINTS, ...ownMountPoints(record)]);
  return await changesBelow({ lower, upper, mounted }, "/");
}

function ownMountPoints(record: ContainerRecord): string[] {
  return record.mounts.map((mount) => mount.destination);
}

interface Layers {
  /** Nearest first. */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly mounted: ReadonlySet<string>;
}

async function changesBelow(layers: Layers, directory: string): Promise<FilesystemChange[]> {
  const changes: FilesystemChange[] = [];
  const names = await readdir(join(layers.upper, directory));
  for (const name of names.sort()) {
    const path = join(directory, name);
    if (!layers.mounted.has(path)) changes.push(...(await changesOf(layers, path)));
  }
  return changes;
}

async function changesOf(layers: Layers, path: string): Promise<FilesystemChange[]> {
  const now = await lstat(join(layers.upper, path));
  if (isWhiteout(now)) return [{ Path: path, Kind: DELETED }];
  const before = await findBelow(layers.lower, path);
  const inner = now.isDirectory() ? await changesBelow(layers, path) : [];
  if (!before) return [{ Path: path, Kind: ADDED }, ...inner];
  // A directory is copied up for what changed in it, be it only a mount point.
  const isSame =
    now.isDirectory() && before.isDirectory() && inner.length === 0 && hasSameRights(now, before);
  return isSame ? [] : [{ Path: path, Kind: MODIFIED }, ...inner];
}

/** A character device 0:0 hides what the layers below have. @see Documentation/filesystems/overlayfs.rst */
function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

async function findBelow(lower: readonly string[], path: string): Promise<Stats | undefined> {
  for (const layer of lower) {
    try {
      const stats = await lstat(join(layer, path));
      return isWhiteout(stats) ? undefined : stats;
    } catch (error) {
      if (isErrno(error, "ENOTDIR")) return undefined; // a file replaced the directory it was in
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }
  return undefined;
}

function hasSameRights(a: Stats, b: Stats): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
