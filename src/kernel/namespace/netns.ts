import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { isErrno } from "#base/fs.ts";
import { AT, FS_MAGIC, MS, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { close, openat } from "../files/at.ts";
import { statfs } from "../files/files.ts";
import { mount, unmount } from "../mount/mounts.ts";
import { openNetlink } from "../netlink/netlink.ts";
import type { Netlink, NetworkNamespace, NetworkNamespaces } from "../types.ts";
import type { NamespaceSwitch } from "./switch.ts";

/** @param prepared pins somebody else has made for the next `create()` of the same path */
export function createNetworkNamespaces(
  namespaces: NamespaceSwitch,
  prepared: Set<string> = new Set(),
): NetworkNamespaces {
  const open = (path: string) => new OpenNamespace(path, openat(AT.FDCWD, path, O.RDONLY), namespaces);
  return {
    create: (path) =>
      prepared.delete(path)
        ? open(path)
        : new OpenNamespace(path, createPinned(path, namespaces), namespaces),
    open,
    remove(path) {
      unmount(path, true);
      rmSync(path, { force: true });
    },
    isPinned,
  };
}

class OpenNamespace implements NetworkNamespace {
  readonly path: string;
  readonly fd: number;
  readonly #namespaces: NamespaceSwitch;
  #netlink: Netlink | undefined;
  #open = true;

  constructor(path: string, fd: number, namespaces: NamespaceSwitch) {
    this.path = path;
    this.fd = fd;
    this.#namespaces = namespaces;
  }

  /** A socket stays in the namespace it was made in, so one visit is enough. */
  get netlink(): Netlink {
    this.#netlink ??= this.run(openNetlink);
    return this.#netlink;
  }

  run<T>(work: () => T): T {
    return this.#namespaces.inside(this.fd, work);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#netlink?.[Symbol.dispose]();
    close(this.fd);
  }
}

/** A new namespace lives on as a mount of /proc/thread-self/ns/net on a file. @returns its descriptor */
function createPinned(path: string, namespaces: NamespaceSwitch): number {
  if (isPinned(path)) throw new SysError("pin network namespace", Errno.EEXIST, path);
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, "w", 0o444));
  try {
    return namespaces.create(() => mount("/proc/thread-self/ns/net", path, "", MS.BIND));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function isPinned(path: string): boolean {
  try {
    return statfs(path).type === FS_MAGIC.NSFS;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
