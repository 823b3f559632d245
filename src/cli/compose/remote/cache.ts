import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CliHost } from "../../host.ts";

/** Where fetched projects are kept, each under what names its content. */
export function cacheRoot({ env }: Pick<CliHost, "env">): string {
  const home = env.XDG_CACHE_HOME || join(env.HOME || "/root", ".cache");
  return join(home, "wharf", "compose");
}

/**
 * A directory that is there whole or not at all: filled under another name first. Of two that fill it at once, one wins.
 * @param fill gets an empty directory that only this user can read
 */
export async function keepDirectory(
  path: string,
  fill: (directory: string) => Promise<void>,
): Promise<string> {
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(`${path}.`);
  try {
    await fill(fresh);
    await rename(fresh, path).catch((error) => {
      if (!existsSync(path)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return path;
}
