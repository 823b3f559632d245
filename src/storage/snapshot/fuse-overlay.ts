import { InvalidArgument } from "#base/errors.ts";
import type { Kernel } from "#kernel/types.ts";
import type { SnapshotDriver } from "./driver.ts";
import { createOverlayDriver } from "./overlay.ts";

export const FUSE_OVERLAYFS = "fuse-overlayfs";

/**
 * Overlayfs in a process for each mounted root, for hosts whose kernel refuses its own on the data root. Directories are
 * those of the driver overlay2.
 * @param root holds the numbered directories; must exist
 */
export function createFuseOverlayDriver(root: string, files: Kernel["files"]): SnapshotDriver {
  if (/[,:\\]/.test(root))
    throw new InvalidArgument(`storage driver fuse-overlayfs cannot work below ${root}`, {
      hint: "the path of the data root must not contain a comma, a colon or a backslash",
    });
  const overlay = createOverlayDriver(root, files);
  return {
    ...overlay,
    name: FUSE_OVERLAYFS,
    status: overlay.status.slice(0, 1),
    rootMount: (home, lower) => ({ ...overlay.rootMount(home, lower), program: FUSE_OVERLAYFS }),
  };
}
