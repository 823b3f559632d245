import { readFileSync } from "node:fs";
import { isErrno } from "#base/fs.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { syscall, trySyscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";
import { readSmallFile } from "../files/small.ts";
import type { Processes } from "../types.ts";
import { releaseProgramPages } from "./program-pages.ts";
import { becomePromptThread } from "./prompt-thread.ts";
import { parseStat } from "./stat.ts";

export function createProcesses(): Processes {
  return {
    signal,
    isAlive(pid) {
      const stat = statOf(pid);
      return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
    },
    startTime: (pid) => statOf(pid)?.startTime,
    commandLine,
    networkCounters,
    releaseProgramPages,
    becomePromptThread,
  };
}

/**
 * Through a pidfd the signal reaches the process whose start time was compared, or nobody; the number alone may have
 * gone to another in between.
 */
function signal(pid: number, number: number, options: { readonly startTime?: number } = {}): boolean {
  const fd = trySyscall("pidfd_open", pid);
  if (fd === -Errno.ESRCH) return false;
  if (fd < 0) throw new SysError("pidfd_open", -fd, `pid ${pid}`);
  try {
    if (options.startTime !== undefined && statOf(pid)?.startTime !== options.startTime) return false;
    syscall("pidfd_send_signal", `signal ${number} to pid ${pid}`, fd, number);
    return true;
  } catch (error) {
    if (isErrno(error, "ESRCH")) return false;
    throw error;
  } finally {
    close(fd);
  }
}

function statOf(pid: number) {
  const text = readProcess(pid, "stat");
  return text === undefined ? undefined : parseStat(text);
}

function commandLine(pid: number): string | undefined {
  return readProcess(pid, "cmdline")?.replace(/\0+$/, "").replaceAll("\0", " ");
}

function networkCounters(pid: number): string | undefined {
  try {
    return readSmallFile(`/proc/${pid}/net/dev`);
  } catch (error) {
    if (isErrno(error, "EINVAL") || isErrno(error, "ESRCH")) return undefined; // it is ending
    throw error;
  }
}

/** A process may end between opening and reading its file: then reading says so. */
function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
}
