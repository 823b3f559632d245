import { type FSWatcher, watch } from "node:fs";
import { isErrno } from "./fs.ts";

/** The user's watches, instances of inotify or descriptors are used up: others on the host share these limits. */
const USED_UP = ["ENOSPC", "EMFILE", "ENFILE", "ENOMEM"];

/**
 * Tells of changes in a directory as soon as they happen. Best effort: where the kernel has no watch left nobody tells, so
 * callers look again by themselves after a while.
 * @throws ENOENT where the directory does not exist
 */
export function watchDirectory(directory: string, onChange: () => void): Disposable {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(directory, onChange);
    watcher.on("error", onChange); // the directory has gone
  } catch (error) {
    if (!USED_UP.some((code) => isErrno(error, code))) throw error;
  }
  return { [Symbol.dispose]: () => watcher?.close() };
}
