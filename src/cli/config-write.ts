import { mkdirSync } from "node:fs";
import { readIfExists, writeFileAtomic } from "#base/fs.ts";
import type { ConfigFile } from "./config.ts";

/**
 * Changes `config.json` and keeps what is not ours in it. Credentials may be inside: only the owner can read it.
 * @param change returns undefined for a key to remove it
 */
export function changeConfig(directory: string, change: (config: ConfigFile) => Partial<ConfigFile>): void {
  const path = `${directory}/config.json`;
  const before = JSON.parse(readIfExists(path) || "{}") as ConfigFile;
  const after = { ...before, ...change(before) };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileAtomic(path, JSON.stringify(after, null, "\t"), { mode: 0o600 });
}
