import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { Conflict } from "#base/errors.ts";
import { lockFile } from "#kernel/process/lock-file.ts";

/**
 * One daemon for each data root: two would write one state. The kernel gives the lock back however the holder ends.
 * @throws Conflict naming the other daemon's process
 */
export function lockDataRoot(dataRoot: string, lockPath: string): Disposable {
  mkdirSync(dataRoot, { recursive: true, mode: 0o711 });
  const result = lockFile(lockPath);
  if (result.held) return result.lock;
  throw new Conflict(`another daemon${processText(result.pid)} uses the data root ${dataRoot}`, {
    hint: "stop it, or give this one a --data-root of its own",
  });
}

/**
 * Our pid where others look for it; disposing removes it. The file is locked as well, so that one left by a crash is
 * told from one in use whoever has its number now.
 * @throws Conflict when a live daemon has it
 */
export function writePidfile(path: string): Disposable {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const result = lockFile(path);
  if (!result.held)
    throw new Conflict(`pid file ${path} belongs to a running daemon${processText(result.pid)}`, {
      hint: "stop it, or give this one a --pidfile of its own",
    });
  chmodSync(path, 0o644);
  return {
    [Symbol.dispose]() {
      rmSync(path, { force: true });
      result.lock[Symbol.dispose]();
    },
  };
}

function processText(pid: number | undefined): string {
  return pid === undefined ? "" : ` (process ${pid})`;
}
