import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import type { NetworkRecords } from "./records.ts";

/** The kernel takes links down with their namespace a third of a second later, of many at once. */
const EXPECTED_MS = 1000;
/** Between looks whether a link is still to be seen. */
const LOOK_MS = 1;

export interface LeavingLinksDeps {
  readonly kernel: Pick<Kernel, "host">;
  readonly records: Pick<NetworkRecords, "leaving">;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Links that go. The kernel takes 20 ms to delete a pair and 40 for a bridge, in which the caller is not to stand still: they
 * go one after the other beside the engine. Their names are recorded before, for the engine after a crash.
 */
export class LeavingLinks implements Disposable {
  readonly #deps: LeavingLinksDeps;
  readonly #names = new Set<string>();
  #expected: string[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(deps: LeavingLinksDeps) {
    this.#deps = deps;
  }

  /** @param isRecorded false: it goes by itself, later */
  remove(name: string, { isRecorded = true } = {}): void {
    const { kernel, records, log } = this.#deps;
    const index = kernel.host.linkIndex(name);
    if (index === undefined) return;
    if (isRecorded) records.leaving.put({ name });
    this.#names.add(name);
    this.#last = this.#last
      .then(() => kernel.host.deleteLinkAside(index))
      .then(() => {
        if (isRecorded && !this.#isThere(name)) records.leaving.delete(name);
      })
      .catch((error) => log.error("cannot delete a link", { link: name, error }))
      .finally(() => this.#names.delete(name));
  }

  /**
   * For links that go with a namespace which was dropped. A thread that the runtime started while the engine was inside stays
   * there, for ten seconds or for good, and would keep them: what is left after a while is deleted.
   */
  expect(names: readonly string[]): void {
    if (names.length === 0) return;
    if (this.#expected.length === 0) setTimeout(() => this.#sweep(), EXPECTED_MS).unref();
    this.#expected.push(...names);
  }

  #sweep(): void {
    try {
      for (const name of this.#expected.splice(0)) this.remove(name, { isRecorded: false });
    } catch (error) {
      this.#deps.log.error("cannot look for links that should have gone", { error });
    }
  }

  /** Waits, blocking, for a link whose name is needed again. */
  settle(name: string): void {
    const { kernel, records } = this.#deps;
    if (records.leaving.get(name) === undefined) return;
    kernel.host.deleteLink(name);
    records.leaving.delete(name);
  }

  /** Waits, blocking, until none is to be seen: who joins a container again needs the names of its interfaces. */
  finish(): void {
    for (const name of this.#names) if (this.#isThere(name)) this.#deps.kernel.host.deleteLink(name);
  }

  /** Until none of them is to be seen. */
  async gone(): Promise<void> {
    const names = [...this.#names];
    while (names.some((name) => this.#names.has(name) && this.#isThere(name)))
      await this.#deps.clock.sleep(LOOK_MS);
  }

  /** What an engine that crashed left. @param owned names that networks have by now */
  recover(owned: ReadonlySet<string>): void {
    const { records } = this.#deps;
    for (const { name } of records.leaving.list())
      if (owned.has(name)) records.leaving.delete(name);
      else this.settle(name);
  }

  [Symbol.dispose](): void {
    this.#expected = [];
  }

  #isThere(name: string): boolean {
    return this.#deps.kernel.host.linkIndex(name) !== undefined;
  }
}
