/**
 * A spool: the directory with what a container wrote and its endpoint has not got yet. It holds the log files, what is
 * to be done with them, and how far that is done, so that whoever follows it can be killed at any moment and started
 * again without losing a line.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isErrno, readIfExists } from "#base/fs.ts";
import type { LogPluginPlace } from "#plugins/types.ts";
import type { LogOptions } from "../option-values.ts";
import type { LogSubject } from "../subject.ts";

export const LOG_NAME = "container.log";
const TARGET_NAME = "target.json";
const POSITION_NAME = "position";
const REMOVED_NAME = "removed";
/** In the name of a spool on its way out, before the number of the process that removes it. */
const DOOMED = ".gone-";
const POSITION_DIGITS = 16;

export interface SpoolTarget {
  readonly driver: string;
  readonly options: LogOptions;
  readonly subject: LogSubject;
  /** For a driver that is a plugin. */
  readonly plugin?: LogPluginPlace | undefined;
}

/** May hold a token: for root alone. */
export function writeTarget(directory: string, target: SpoolTarget): void {
  const path = join(directory, TARGET_NAME);
  writeFileSync(`${path}.new`, JSON.stringify(target), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readTarget(directory: string): SpoolTarget {
  return JSON.parse(readFileSync(join(directory, TARGET_NAME), "utf8")) as SpoolTarget;
}

/** The container has gone: the spool goes too as soon as everything is sent. */
export function markRemoved(directory: string): void {
  writeFileSync(join(directory, REMOVED_NAME), "");
}

/** When it was marked, milliseconds since 1970; undefined where it was not. */
export function removedAt(directory: string): number | undefined {
  return statSync(join(directory, REMOVED_NAME), { throwIfNoEntry: false })?.mtimeMs;
}

/**
 * Out of sight first: the helper of a daemon that was killed may still be at it for a moment, and what either made in a
 * directory half removed would keep it for good.
 */
export function removeSpool(directory: string): void {
  const doomed = `${directory}${DOOMED}${process.pid}`;
  try {
    renameSync(directory, doomed);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  rmSync(doomed, { recursive: true, force: true });
}

/** What a crash left of a removal. */
export function isDoomed(directory: string): boolean {
  return directory.includes(DOOMED);
}

/** Everything before it is sent: bytes of records since the container's first. */
export class Position implements Disposable {
  readonly #fd: number;
  #value: number;

  constructor(directory: string) {
    const path = join(directory, POSITION_NAME);
    this.#value = Number(readIfExists(path) || 0) || 0;
    this.#fd = openSync(path, existsSync(path) ? "r+" : "w", 0o600);
  }

  get value(): number {
    return this.#value;
  }

  /** One small write in place: a crash leaves the old or the new number. */
  set value(value: number) {
    if (value === this.#value) return;
    this.#value = value;
    writeSync(this.#fd, String(value).padStart(POSITION_DIGITS, "0"), 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
