import { copyTree } from "./copy-tree.ts";
import { isSmallTree } from "./small-tree.ts";

/**
 * As `copyTree`, with large trees copied in a helper process so that nothing else waits for them.
 * @param inHelper runs the copy in a helper process; both see the same paths
 */
export async function copyAway(
  from: string,
  to: string,
  inHelper: (from: string, to: string) => Promise<unknown>,
): Promise<void> {
  if (isSmallTree(from)) copyTree(from, to);
  else await inHelper(from, to);
}
