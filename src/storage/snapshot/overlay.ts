import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Kernel } from "#kernel/types.ts";
import { OPAQUE_XATTR } from "../layer/below.ts";
import { inheritAttributes, takeImplicitList } from "../layer/implicit.ts";
import { FILES, type SnapshotDriver } from "./driver.ts";
import { fileSystemName } from "./file-system.ts";
import { projectQuota } from "./quota.ts";

/**
 * Overlayfs: a layer's directory holds what the layer adds, deletions are whiteouts, the kernel puts the layers together.
 * A container has `diff` for its changes, `work` for overlayfs itself and `merged`, where its root is meant to be mounted.
 * @param root holds the numbered directories; must exist
 */
export function createOverlayDriver(root: string, files: Kernel["files"]): SnapshotDriver {
  const upperOf = (home: string) => join(home, FILES);
  return {
    name: "overlay2",
    status: [
      ["Backing Filesystem", fileSystemName(files.statfs(root).type)],
      ["Supports d_type", "true"],
      ["Using metacopy", "false"],
      ["Native Overlay Diff", "true"],
      ["userxattr", "false"],
    ],
    whiteouts: "overlay",
    independentLayers: true,
    quota: projectQuota(root, statSync(root).ino),
    async prepare(home) {
      mkdirSync(upperOf(home), { mode: 0o755 });
    },
    async complete(prepared, lower) {
      await inheritAttributes(prepared.directory, takeImplicitList(prepared), lower);
      return { opaque: files.getXattr(prepared.directory, OPAQUE_XATTR) !== undefined };
    },
    async createWritable(home, lower) {
      for (const name of [FILES, "work", "merged"]) mkdirSync(join(home, name), { mode: 0o755 });
      // the container's "/" shows the attributes of its uppermost directory, which is this new one
      await inheritAttributes(upperOf(home), [""], lower.slice(0, 1));
    },
    rootMount(home, lower) {
      if (lower.length === 0)
        return { kind: "bind", lower, upper: undefined, work: undefined, source: upperOf(home) };
      return { kind: "overlay", lower, upper: upperOf(home), work: join(home, "work"), source: undefined };
    },
    data: (home, lower) => ({
      ...(lower.length > 0 ? { LowerDir: lower.join(":") } : {}),
      MergedDir: join(home, "merged"),
      UpperDir: upperOf(home),
      WorkDir: join(home, "work"),
    }),
  };
}
