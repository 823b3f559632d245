import { statSync } from "node:fs";
import { posix } from "node:path";
import { isErrno } from "#base/fs.ts";
import { O, RESOLVE } from "#kernel/ffi/constants.ts";
import { close, mkdirat, openat, openat2 } from "#kernel/files/at.ts";
import { attachMountOver, cloneMount, makeReadOnly } from "#kernel/mount/mount-api.ts";
import { leaveHostMounts } from "#kernel/namespace/own-mounts.ts";
import { fileName } from "../layer/below.ts";
import { ViewRoot } from "./root.ts";
import type { FileView, ViewBind } from "./types.ts";

/**
 * Opens a view, its binds mounted in a namespace of this process alone. The place of each is found, or made, by
 * descriptor below the root and the mount put over that very descriptor: another container that shares a volume can
 * neither redirect it nor have files made elsewhere (reference attacks 16 and 17).
 */
export function openView(view: FileView): ViewRoot {
  if (view.binds.length === 0 && !view.readOnly) return new ViewRoot(view);
  leaveHostMounts();
  const root = new ViewRoot(view);
  for (const bind of view.binds) mountBelow(root.fd, bind);
  if (view.readOnly) makeReadOnly(root.fd, { recursive: false });
  return root;
}

function mountBelow(rootFd: number, { source, destination, readOnly, recursive }: ViewBind): void {
  const isDirectory = statSync(source).isDirectory();
  const copy = cloneMount(source, { recursive });
  if (readOnly) makeReadOnly(copy, { recursive: false });
  const target = openPlace(rootFd, destination, isDirectory);
  try {
    attachMountOver(copy, target);
  } finally {
    close(target);
  }
}

function openPlace(rootFd: number, path: string, isDirectory: boolean): number {
  try {
    return openInRoot(rootFd, path, O.PATH);
  } catch (error) {
    if (!isErrno(error, "ENOENT") || path === "/") throw error;
  }
  const parent = openPlace(rootFd, posix.dirname(path), true);
  try {
    const name = fileName(posix.basename(path));
    if (isDirectory) mkdirat(parent, name, 0o755);
    else close(openat(parent, name, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, 0o644));
  } finally {
    close(parent);
  }
  return openInRoot(rootFd, path, O.PATH);
}

function openInRoot(rootFd: number, path: string, flags: number): number {
  return openat2(rootFd, fileName(path), flags, 0, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS);
}
