import { AT, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, trySyscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";
import { readFromStart } from "../files/small.ts";
import type { ReadGroupFile } from "./stats-parse.ts";

/** A group's files stay open so long after the last look. */
const KEEP_MS = 30_000;
/** A dozen descriptors each. Files of further groups are opened for each look, as if nobody would look again. */
const MAX_GROUPS = 256;

const MISSING = -1;

interface OpenGroup {
  /** Descriptors by the files' names. */
  readonly files: Map<string, number>;
  usedAtMs: number;
}

/**
 * Files of groups that somebody samples again and again, kept open: reading one again costs a tenth of opening it. An open
 * file does not keep its group from being removed, and says so when it was.
 */
export class OpenGroups {
  readonly #groups = new Map<string, OpenGroup>();
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param now milliseconds, of any beginning */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * @param group its path, by which it is closed again
   * @param pathOf where a file is; undefined where nothing has it
   * @returns undefined when there are too many groups already; the reader throws SysError ENODEV when the group was removed
   */
  reader(group: string, pathOf: (file: string) => string | undefined): ReadGroupFile | undefined {
    const files = this.#filesOf(group);
    if (!files) return undefined;
    return (file) => {
      let fd = files.get(file);
      if (fd === undefined) {
        fd = openFile(pathOf(file));
        files.set(file, fd);
      }
      if (fd === MISSING) return undefined;
      const text = readFromStart(fd, file);
      if (text === undefined) throw new SysError("pread64", Errno.ENODEV, `${group}: ${file}`);
      return text;
    };
  }

  close(group: string): void {
    const files = this.#groups.get(group)?.files;
    this.#groups.delete(group);
    for (const fd of files?.values() ?? []) if (fd !== MISSING) close(fd);
  }

  /** Closes what nobody looked at for a while. */
  sweep(): void {
    const now = this.#now();
    for (const [group, { usedAtMs }] of this.#groups) if (now - usedAtMs >= KEEP_MS) this.close(group);
    this.#timer = undefined;
    if (this.#groups.size > 0) this.#sweepLater();
  }

  #filesOf(group: string): Map<string, number> | undefined {
    let open = this.#groups.get(group);
    if (!open) {
      if (this.#groups.size >= MAX_GROUPS) return undefined;
      open = { files: new Map(), usedAtMs: 0 };
      this.#groups.set(group, open);
      this.#sweepLater();
    }
    open.usedAtMs = this.#now();
    return open.files;
  }

  #sweepLater(): void {
    this.#timer ??= setTimeout(() => this.sweep(), KEEP_MS);
    this.#timer.unref?.();
  }
}

function openFile(path: string | undefined): number {
  if (path === undefined) return MISSING;
  const fd = trySyscall("openat", AT.FDCWD, memory().text(path), O.RDONLY | O.CLOEXEC);
  if (fd < 0 && fd !== -Errno.ENOENT) throw new SysError("openat", -fd, path);
  return fd < 0 ? MISSING : fd;
}
