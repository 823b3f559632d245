import { Internal, Unavailable } from "#base/errors.ts";
import type { IdMapping, Kernel, OverlayMount } from "#kernel/types.ts";
import type { RootMount } from "../types.ts";

/**
 * Nothing of an image may steer overlayfs: directory redirects are not followed, and features that leave their marks in
 * the layers stay off, so that a layer can be read, copied and mounted elsewhere.
 */
const OVERLAY_OPTIONS = ["index=off", "metacopy=off", "redirect_dir=nofollow"];

/** A container's ids and the host's, where they differ. */
export interface ShiftedIds {
  /** As whom the kernel makes its own files there. */
  readonly root: NonNullable<OverlayMount["mounter"]>;
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/**
 * Mounts a container's root at `target`, an existing directory.
 * @param ids for the kernel's own mounts the directories of `root` must show them already; programs show them by themselves
 */
export function mountRoot(
  kernel: Pick<Kernel, "mounts">,
  root: RootMount,
  target: string,
  ids?: ShiftedIds,
): void {
  const { lower, upper, work } = root;
  if (root.kind === "bind") kernel.mounts.bind(root.source!, target);
  else if (root.program) mountByProgram(root.program, root, target, ids);
  else kernel.mounts.overlay({ target, lower, upper, work, options: OVERLAY_OPTIONS, mounter: ids?.root });
}

/** The program goes on as a process of its own until the target is unmounted. */
function mountByProgram(program: string, root: RootMount, target: string, ids: ShiftedIds | undefined): void {
  const path = Bun.which(program);
  if (!path) throw new Unavailable(`${program} is not installed`, { hint: `install the package ${program}` });
  const options = programOptions(root, ids).join(",");
  const { exitCode, stderr } = Bun.spawnSync([path, "-o", options, target], { stdout: "ignore" });
  if (exitCode !== 0)
    throw new Internal(
      `${program} on ${target} ended with exit code ${exitCode}: ${stderr.toString().trim()}`,
    );
}

function programOptions({ lower, upper, work }: RootMount, ids: ShiftedIds | undefined): string[] {
  const layers = [`lowerdir=${lower.join(":")}`, `upperdir=${upper}`, `workdir=${work}`];
  if (!ids) return layers;
  const text = (mappings: readonly IdMapping[]) =>
    mappings.flatMap(({ containerId, hostId, size }) => [containerId, hostId, size]).join(":");
  return [...layers, `uidmapping=${text(ids.uids)}`, `gidmapping=${text(ids.gids)}`];
}

/** "Not mounted" and "not there" count as done. */
export function unmountRoot(kernel: Pick<Kernel, "mounts">, target: string): void {
  kernel.mounts.unmount(target);
}
