import { Internal, Unavailable } from "#base/errors.ts";
import type { Kernel, OverlayMount } from "#kernel/types.ts";
import type { RootMount } from "../types.ts";

/**
 * Nothing of an image may steer overlayfs: directory redirects are not followed, and features that leave their marks in
 * the layers stay off, so that a layer can be read, copied and mounted elsewhere.
 */
const OVERLAY_OPTIONS = ["index=off", "metacopy=off", "redirect_dir=nofollow"];

/**
 * Mounts a container's root at `target`, an existing directory.
 * @param mounter as whom the kernel makes its own files there, when the directories' ids are shifted
 */
export function mountRoot(
  kernel: Pick<Kernel, "mounts">,
  root: RootMount,
  target: string,
  mounter?: OverlayMount["mounter"],
): void {
  const { lower, upper, work } = root;
  if (root.kind === "bind") kernel.mounts.bind(root.source!, target);
  else if (root.program && mounter) throw cannotShift(root.program);
  else if (root.program) mountByProgram(root.program, root, target);
  else kernel.mounts.overlay({ target, lower, upper, work, options: OVERLAY_OPTIONS, mounter });
}

function cannotShift(program: string): Unavailable {
  return new Unavailable(`userns-remap does not work with ${program}: it makes files as the host's root`, {
    hint: "use another storage driver, or --userns=host",
  });
}

/** The program goes on as a process of its own until the target is unmounted. */
function mountByProgram(program: string, { lower, upper, work }: RootMount, target: string): void {
  const path = Bun.which(program);
  if (!path) throw new Unavailable(`${program} is not installed`, { hint: `install the package ${program}` });
  const options = `lowerdir=${lower.join(":")},upperdir=${upper},workdir=${work}`;
  const { exitCode, stderr } = Bun.spawnSync([path, "-o", options, target], { stdout: "ignore" });
  if (exitCode !== 0)
    throw new Internal(
      `${program} on ${target} ended with exit code ${exitCode}: ${stderr.toString().trim()}`,
    );
}

/** "Not mounted" and "not there" count as done. */
export function unmountRoot(kernel: Pick<Kernel, "mounts">, target: string): void {
  kernel.mounts.unmount(target);
}
