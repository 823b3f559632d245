import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "#base/fs.ts";
import type { Engine } from "./types.ts";
import { WHARF_VERSION } from "./version.ts";

/**
 * Writes what the daemon is doing and holding to a file, for a person who looks for what hangs.
 * @returns the file's path
 */
export function writeDump(engine: Pick<Engine, "dump">, directory: string, nowMs: number): string {
  const path = join(directory, `dump-${new Date(nowMs).toISOString().replace(/[:.]/g, "-")}.json`);
  const dump = {
    version: WHARF_VERSION,
    pid: process.pid,
    uptimeSeconds: Math.floor(process.uptime()),
    engine: engine.dump(),
    memoryBytes: process.memoryUsage(),
    cpuMicros: process.cpuUsage(),
    descriptors: openDescriptors(),
  };
  writeFileAtomic(path, `${JSON.stringify(dump, null, 2)}\n`, { mode: 0o600 });
  return path;
}

/** What each open descriptor is: a path, or "socket:[…]", "pipe:[…]", "anon_inode:[…]". */
function openDescriptors(): Record<string, string> {
  const descriptors: Record<string, string> = {};
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      descriptors[fd] = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // closed since it was listed: the descriptor of the listing itself
    }
  }
  return descriptors;
}
