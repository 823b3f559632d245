import type { FilesystemChange } from "#spec/docker/containers.ts";
import type { FileChange } from "#storage/files/types.ts";
import type { Context } from "./context.ts";

const KIND: Readonly<Record<FileChange["kind"], FilesystemChange["Kind"]>> = {
  modified: 0,
  added: 1,
  deleted: 2,
};

/** Places the runtime makes for its own mounts: nothing the container changed. */
export const OWN_MOUNT_POINTS: readonly string[] = [
  "/.dockerenv",
  "/dev",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/mtab",
  "/etc/resolv.conf",
  "/proc",
  "/sbin/docker-init",
  "/sys",
];

/** What the container added, modified and deleted since its image. */
export async function containerChanges(
  ctx: Pick<Context, "records" | "snapshots" | "files">,
  nameOrId: string,
): Promise<FilesystemChange[]> {
  const record = ctx.records.resolve(nameOrId);
  const changes = await ctx.files.changes({
    source: ctx.snapshots.diffSource(record.id),
    mountPoints: OWN_MOUNT_POINTS,
  });
  return changes.map(({ path, kind }) => ({ Path: path, Kind: KIND[kind] }));
}
