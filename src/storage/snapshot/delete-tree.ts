import { rm } from "node:fs/promises";
import { isSmallTree } from "../layer/small-tree.ts";

/**
 * Deletes a directory with all it holds; gone already counts as done. Large ones are left to rm(1): it takes files in
 * the order they have on the disk, which is twice as fast as one by one, and none of the daemon's own time.
 */
export async function deleteTree(path: string): Promise<void> {
  if (!isSmallTree(path) && (await deletedByRm(path))) return;
  await rm(path, { recursive: true, force: true });
}

async function deletedByRm(path: string): Promise<boolean> {
  try {
    const child = Bun.spawn(["rm", "-rf", "--", path], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    return (await child.exited) === 0;
  } catch {
    return false; // a system without it
  }
}
