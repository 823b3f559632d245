import { lstat, readdir } from "node:fs/promises";
import { isErrno } from "#base/fs.ts";

/** Files looked at together: the thread pool works through them while the daemon's thread goes on. */
const BATCH = 64;

/** Bytes of the regular files in a directory, each counted once however many names it has. Files that vanish count 0. */
export async function diskUsage(directory: string): Promise<number> {
  const seen = new Set<string>();
  const sizeOf = async (path: Buffer): Promise<{ bytes: number; isDirectory: boolean }> => {
    const stat = await lstat(path).catch(ignoreAbsent);
    const nothing = { bytes: 0, isDirectory: stat?.isDirectory() ?? false };
    if (!stat?.isFile()) return nothing;
    const inode = `${stat.dev}:${stat.ino}`;
    if (stat.nlink > 1 && seen.has(inode)) return nothing;
    if (stat.nlink > 1) seen.add(inode);
    return { bytes: stat.size, isDirectory: false };
  };
  let total = 0;
  const pending = [Buffer.from(directory)];
  for (let path = pending.pop(); path; path = pending.pop()) {
    const parent = path;
    const names = (await readdir(parent, { encoding: "buffer" }).catch(ignoreAbsent)) ?? [];
    const paths = names.map((name) => Buffer.concat([parent, Buffer.from("/"), name]));
    for (let at = 0; at < paths.length; at += BATCH) {
      const batch = paths.slice(at, at + BATCH);
      const sizes = await Promise.all(batch.map(sizeOf));
      sizes.forEach(({ bytes, isDirectory }, i) => {
        total += bytes;
        if (isDirectory) pending.push(batch[i]!);
      });
    }
  }
  return total;
}

/** Too long names are what a container makes with "mkdir x; cd x" repeated: not worth failing for. */
function ignoreAbsent(error: unknown): undefined {
  if (!["ENOENT", "ENOTDIR", "ENAMETOOLONG"].some((code) => isErrno(error, code))) throw error;
}
