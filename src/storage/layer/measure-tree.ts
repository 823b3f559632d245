import { lstatSync, readdirSync } from "node:fs";
import { isErrno } from "#base/fs.ts";

/** Unit of `st_blocks`, whatever the file system's own blocks are. @see stat(2) */
const BLOCK_BYTES = 512;
const SLASH = Buffer.from("/");

/**
 * Room that everything below a directory takes on the disk, as `du` counts it: allocated blocks of files, links and
 * directories, the directory itself left out; a file with several names once. Blocks the walk's thread: for a helper
 * process. What vanishes meanwhile counts 0.
 * @returns bytes
 */
export function measureTree(directory: string): number {
  const seen = new Set<string>();
  let total = 0;
  const pending = [Buffer.from(directory)];
  for (let parent = pending.pop(); parent; parent = pending.pop()) {
    for (const name of attempt(() => readdirSync(parent as unknown as string, { encoding: "buffer" })) ??
      []) {
      const path = Buffer.concat([parent, SLASH, name]);
      const stat = attempt(() => lstatSync(path));
      if (!stat) continue;
      if (stat.isDirectory()) pending.push(path);
      else if (stat.nlink > 1) {
        const inode = `${stat.dev}:${stat.ino}`;
        if (seen.has(inode)) continue;
        seen.add(inode);
      }
      total += stat.blocks * BLOCK_BYTES;
    }
  }
  return total;
}

/** Too long names are what a container makes with "mkdir x; cd x" repeated: not worth failing for. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}
