import { chmodSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { Limiter } from "#base/async.ts";
import { isErrno } from "#base/fs.ts";
import { newId } from "#base/ids.ts";
import type { Log } from "#base/log.ts";
import { deleteTree } from "./delete-tree.ts";

/** Closed to everybody else: layers hold setuid programs and other people's files (reference attack 14). */
const MODE = 0o710;

/**
 * Directories named by numbers, so that the options of a mount of 127 of them stay short. What is discarded is gone at
 * once under its number; its files are deleted in the background, one directory at a time.
 */
export class NumberedDirectories {
  readonly #root: string;
  readonly #trash: string;
  readonly #log: Log;
  readonly #dismantle: (path: string) => void;
  readonly #deleting = new Limiter(1);
  #pending: Promise<void> = Promise.resolve();
  #last: number;

  /** @param dismantle takes apart what a plain deletion of files would stumble over: mounts, subvolumes */
  constructor(root: string, log: Log, dismantle: (path: string) => void = () => {}) {
    this.#root = root;
    this.#dismantle = dismantle;
    this.#trash = join(root, "trash");
    this.#log = log;
    for (const path of [root, this.#trash]) {
      mkdirSync(path, { recursive: true });
      chmodSync(path, MODE);
    }
    this.#last = Math.max(0, ...this.list());
  }

  /** Makes a new one. Numbers of existing directories are never given twice. */
  create(): number {
    for (;;) {
      this.#last += 1;
      try {
        mkdirSync(this.path(this.#last), { mode: MODE });
        return this.#last;
      } catch (error) {
        if (!isErrno(error, "EEXIST")) throw error;
      }
    }
  }

  path(number: number, ...below: string[]): string {
    return join(this.#root, String(number), ...below);
  }

  list(): number[] {
    return readdirSync(this.#root)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  }

  /** Absent already counts as done. */
  discard(number: number): void {
    const doomed = join(this.#trash, `${number}-${newId()}`);
    try {
      renameSync(this.path(number), doomed);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      throw error;
    }
    this.#delete(doomed);
  }

  /** Goes on with deletions an earlier process did not finish. */
  emptyTrash(): void {
    for (const name of readdirSync(this.#trash)) this.#delete(join(this.#trash, name));
  }

  /** Resolves when everything discarded so far has been deleted. */
  settled(): Promise<void> {
    return this.#pending;
  }

  #delete(path: string): void {
    const deletion = this.#deleting.run(async () => {
      this.#dismantle(path);
      await deleteTree(path);
    });
    const logged = deletion.catch((error: unknown) =>
      this.#log.warn("a discarded directory could not be deleted", { path, error }),
    );
    this.#pending = this.#pending.then(() => logged);
  }
}
