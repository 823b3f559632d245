/** What volumes and containers have done to trees of files and mounts by the layers below them. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { throwIfAborted } from "#base/async.ts";
import { Unavailable } from "#base/errors.ts";
import type { ContainerMounts } from "#containers/context.ts";
import type { Kernel, MountEntry } from "#kernel/types.ts";
import type { ContainerUserNamespaces } from "#runtime/user-namespaces.ts";
import type { ContainerFiles } from "#storage/files/types.ts";
import { mountRoot, unmountRoot } from "#storage/snapshot/mounts.ts";
import type { Storage } from "#storage/storage.ts";
import type { RootMount } from "#storage/types.ts";
import { exchangeIds } from "#volumes/exchange-ids.ts";
import type { VolumeFiles } from "#volumes/volumes.ts";

export function volumeFiles(storage: Pick<Storage, "copyTree">, files: ContainerFiles): VolumeFiles {
  return {
    async copy(from, to, signal) {
      throwIfAborted(signal, "copy a volume");
      await storage.copyTree(from, to);
      throwIfAborted(signal, "copy a volume");
    },
    read: (directory, signal) => files.export(directory, signal),
    write: (directory, archive, signal) =>
      files.write({ root: directory, binds: [] }, "/", archive, { noOverwriteDirNonDir: false }, signal),
  };
}

export function containerMounts(kernel: Kernel, userns: ContainerUserNamespaces): ContainerMounts {
  const mount = (root: RootMount, target: string, shifted: boolean) =>
    shifted ? mountShifted(kernel, userns, root, target) : mountRoot(kernel, root, target);
  return {
    root: (root, target, { shifted = false } = {}) => mount(root, target, shifted),
    image: (root, target, { shifted = false } = {}) => mount(withoutUpper(root), target, shifted),
    shm: (target, sizeBytes) =>
      kernel.mounts.mount("shm", target, "tmpfs", {
        flags: ["nosuid", "nodev", "noexec"],
        data: `mode=1777,size=${sizeBytes}`,
      }),
    below: (directory, path, target, options) => kernel.mounts.bindBelow(directory, path, target, options),
    async exchangingIds(source, target, { uids, gids, recursive }) {
      const pin = `${target}.ids`;
      await kernel.userns.create({ path: pin, uids: exchangeIds(uids), gids: exchangeIds(gids) });
      try {
        makePlaceLike(source, target);
        kernel.mounts.bind(source, target, { recursive, idsOf: pin });
      } catch (cause) {
        throw new Unavailable(
          `idmap: the file system of ${source} cannot be mounted with other ids: ${(cause as Error).message}`,
          { cause, hint: "ext4, xfs and btrfs can from Linux 5.19 on, tmpfs from 6.3; overlayfs cannot" },
        );
      } finally {
        kernel.userns.remove(pin);
      }
    },
    unmount: (target) => unmountRoot(kernel, target),
    mountOf: (path) => mountOf(kernel.mounts.list(), path),
    restrictions: (path) => kernel.mounts.restrictions(path),
  };
}

/** A program shifts ids by itself, the kernel takes them from the directories it puts together. */
function mountShifted(
  kernel: Kernel,
  userns: ContainerUserNamespaces,
  root: RootMount,
  target: string,
): void {
  const ids = { root: userns.root, uids: userns.mappings?.uids ?? [], gids: userns.mappings?.gids ?? [] };
  if (root.kind === "overlay" && root.program) {
    mountRoot(kernel, root, target, ids);
    return;
  }
  const own = [root.upper, root.work, root.source].filter((path) => path !== undefined);
  userns.withShifted([...root.lower, ...own], (shifted) => {
    const orNone = (path: string | undefined) => (path === undefined ? undefined : shifted(path));
    const { lower, upper, work, source } = root;
    const seen = { upper: orNone(upper), work: orNone(work), source: orNone(source) };
    mountRoot(kernel, { ...root, ...seen, lower: lower.map(shifted) }, target, ids);
  });
}

/** An image without layers, and what a program mounts, have nothing but an upper directory that nobody writes to. */
function withoutUpper(root: RootMount): RootMount {
  if (root.kind !== "overlay" || root.program || root.lower.length === 0) return root;
  return { ...root, upper: undefined, work: undefined };
}

function makePlaceLike(source: string, target: string): void {
  if (statSync(source).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o700 });
  else writeFileSync(target, "", { mode: 0o600 });
}

/** Of mounts over one another the last is the one that is seen. */
function mountOf(mounts: readonly MountEntry[], path: string): ReturnType<ContainerMounts["mountOf"]> {
  const holds = ({ target }: MountEntry) =>
    path === target || path.startsWith(target === "/" ? "/" : `${target}/`);
  const nearest = mounts
    .filter(holds)
    .reduce((best, mount) => (mount.target.length >= best.target.length ? mount : best));
  return { target: nearest.target, peers: nearest.optional };
}
