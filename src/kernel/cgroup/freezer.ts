import { Errno, SysError } from "../ffi/errno.ts";
import { readSmallFile, writeSmallFile } from "../files/small.ts";
import type { Hierarchy } from "./layout.ts";

const ATTEMPTS = 200;
const PAUSE_MS = 1;

interface FreezerFiles {
  /** Where a state is asked for. */
  readonly file: string;
  readonly freeze: string;
  readonly thaw: string;
  /** Where the kernel tells that every process has stopped. */
  readonly stateFile: string;
  readonly frozen: RegExp;
}

const FILES: Record<Hierarchy["version"], FreezerFiles> = {
  1: {
    file: "freezer.state",
    freeze: "FROZEN",
    thaw: "THAWED",
    stateFile: "freezer.state",
    frozen: /^FROZEN/,
  },
  2: { file: "cgroup.freeze", freeze: "1", thaw: "0", stateFile: "cgroup.events", frozen: /^frozen 1$/m },
};

/**
 * Stops every process of the group; usually done within 0.1 ms. A process inside an uninterruptible call takes
 * longer: after 0.2 s the group is thawed again rather than left half frozen.
 * @throws SysError EBUSY when it could not be frozen
 */
export function freeze({ version }: Pick<Hierarchy, "version">, directory: string): void {
  const files = FILES[version];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // v1 may miss a process that was forking: asking again finds it.
    if (attempt === 0 || version === 1) writeSmallFile(`${directory}/${files.file}`, files.freeze);
    if (isFrozen({ version }, directory)) return;
    Bun.sleepSync(PAUSE_MS);
  }
  thaw({ version }, directory);
  throw new SysError("freeze", Errno.EBUSY, directory);
}

export function thaw({ version }: Pick<Hierarchy, "version">, directory: string): void {
  writeSmallFile(`${directory}/${FILES[version].file}`, FILES[version].thaw);
}

export function isFrozen({ version }: Pick<Hierarchy, "version">, directory: string): boolean {
  return FILES[version].frozen.test(readSmallFile(`${directory}/${FILES[version].stateFile}`) ?? "");
}
