import { readFileSync, readlinkSync } from "node:fs";
import { trySyscall } from "../ffi/syscall.ts";

const MADV_DONTNEED = 4;

/**
 * Unmaps the pages of our own executable that nothing has written to. They stay in the page cache and come back one by
 * one when they are used, some 0.1 µs each: what only start-up ran no longer counts as ours. Bun's program is a
 * hundred megabytes of which an idle daemon needs a few.
 */
export function releaseProgramPages(): void {
  const program = readlinkSync("/proc/self/exe");
  for (const { from, to } of cleanRanges(readFileSync("/proc/self/smaps", "utf8"), program))
    trySyscall("madvise", from, to - from, MADV_DONTNEED); // refused: they stay, no harm
}

/**
 * Ranges that map `program` without leave to write and without private changes (relocations are such).
 * @param smaps text of /proc/PID/smaps
 */
export function cleanRanges(
  smaps: string,
  program: string,
): { readonly from: number; readonly to: number }[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((mapping) => {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ \d+ +(.*)\n/.exec(mapping);
    if (head?.[3] !== program || !/^Private_Dirty: +0 kB$/m.test(mapping)) return [];
    return [{ from: Number.parseInt(head[1]!, 16), to: Number.parseInt(head[2]!, 16) }];
  });
}
