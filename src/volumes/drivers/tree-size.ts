import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "#base/fs.ts";

/** Bytes of all files below a directory, each counted once however many names it has; what vanishes meanwhile is none. */
export async function treeSizeBytes(directory: string, seen = new Set<string>()): Promise<number> {
  let total = 0;
  for (const name of await unlessGone(readdir(directory), [])) {
    const path = join(directory, name);
    const stat = await unlessGone(lstat(path), undefined);
    if (!stat) continue;
    if (stat.isDirectory()) total += await treeSizeBytes(path, seen);
    else if (stat.nlink === 1 || !seen.has(`${stat.dev}:${stat.ino}`)) {
      total += stat.size;
      seen.add(`${stat.dev}:${stat.ino}`);
    }
  }
  return total;
}

async function unlessGone<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return otherwise;
    throw error;
  }
}
