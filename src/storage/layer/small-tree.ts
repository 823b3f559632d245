import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "#base/fs.ts";

/** What is handled at once, on the caller's thread: starting a helper would cost more. */
const SMALL = { entries: 64, bytes: 1 << 20 };

/**
 * Whether a directory holds so little that a process of its own would cost more than it. Absent ones are small, what
 * cannot be looked at (paths too long, made with "mkdir x; cd x" repeated) is not.
 */
export function isSmallTree(root: string): boolean {
  try {
    return isWithinBounds(root);
  } catch (error) {
    return isErrno(error, "ENOENT");
  }
}

function isWithinBounds(root: string): boolean {
  const directories = [root];
  let entries = 0;
  let bytes = 0;
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true }) as Dirent[]) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      else if (entry.isFile()) bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (++entries > SMALL.entries || bytes > SMALL.bytes) return false;
    }
  }
  return true;
}
