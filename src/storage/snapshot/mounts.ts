import type { Kernel } from "#kernel/types.ts";
import type { RootMount } from "../types.ts";

/**
 * Nothing of an image may steer overlayfs: directory redirects are not followed, and features that leave their marks in
 * the layers stay off, so that a layer can be read, copied and mounted elsewhere.
 */
const OVERLAY_OPTIONS = ["index=off", "metacopy=off", "redirect_dir=nofollow"];

/** Mounts a container's root at `target`, an existing directory. */
export function mountRoot(kernel: Pick<Kernel, "mounts">, root: RootMount, target: string): void {
  const { lower, upper, work } = root;
  if (root.kind === "bind") kernel.mounts.bind(root.source!, target);
  else kernel.mounts.overlay({ target, lower, upper, work, options: OVERLAY_OPTIONS });
}

/** "Not mounted" and "not there" count as done. */
export function unmountRoot(kernel: Pick<Kernel, "mounts">, target: string): void {
  kernel.mounts.unmount(target);
}
