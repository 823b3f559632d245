import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { copyTree } from "./copy-tree.ts";

/** What is copied at once, on the caller's thread: starting a helper would cost more. */
const SMALL = { entries: 64, bytes: 1 << 20 };

/**
 * As `copyTree`, with large trees copied in a helper process so that nothing else waits for them.
 * @param inHelper runs the copy in a helper process; both see the same paths
 */
export async function copyAway(
  from: string,
  to: string,
  inHelper: (from: string, to: string) => Promise<unknown>,
): Promise<void> {
  if (isSmall(from)) copyTree(from, to);
  else await inHelper(from, to);
}

function isSmall(root: string): boolean {
  const directories = [root];
  let entries = 0;
  let bytes = 0;
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true }) as Dirent[]) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      else if (entry.isFile()) bytes += lstatSync(path).size;
      if (++entries > SMALL.entries || bytes > SMALL.bytes) return false;
    }
  }
  return true;
}
