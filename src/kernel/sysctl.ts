import { writeFileSync } from "node:fs";
import { isErrno, readIfExists } from "#base/fs.ts";
import type { Sysctls } from "./types.ts";

/** What a write to a sysctl the process may not change fails with: its file system, its rights, its namespace. */
const REFUSALS = ["EROFS", "EACCES", "EPERM", "ENOENT"];

export function createSysctls(): Sysctls {
  return {
    get,
    set(key, value) {
      if (get(key) === value) return true;
      try {
        writeFileSync(path(key), value);
        return true;
      } catch (error) {
        if (REFUSALS.some((code) => isErrno(error, code))) return false;
        throw error;
      }
    },
  };
}

/** Values of several numbers are separated by tabs in the kernel's files, by blanks in what people write. */
function get(key: string): string | undefined {
  return readIfExists(path(key))?.trim().replaceAll("\t", " ");
}

/** Keys have slashes: an interface name may contain a dot. */
function path(key: string): string {
  if (key.split("/").includes("..")) throw new Error(`not a sysctl: ${key}`);
  return `/proc/sys/${key}`;
}
