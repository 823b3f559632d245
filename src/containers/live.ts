import type { PendingAttach, SupervisedProcess } from "#runtime/types.ts";
import { Waiters } from "./waiters.ts";

/** One run of a container's process, from its start to the end of its exit handling. */
export class Run {
  readonly process: SupervisedProcess;
  /** Resolves when the exit is recorded, told, and everything the run held is released. */
  readonly handled: Promise<void>;
  /** A stop or kill was asked for: the restart policy must not start it again. */
  isExitWanted = false;
  /** `restart` will start the container again: --rm must not remove it. */
  isKept = false;
  /** Its health asks for a new run, whatever the restart policy says. */
  isRestartDue = false;
  readonly #finish: () => void;
  readonly #watch = new AbortController();

  constructor(process: SupervisedProcess) {
    this.process = process;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.handled = promise;
    this.#finish = resolve;
  }

  /** Fires when the process has ended, or the engine lets go of it. */
  get watching(): AbortSignal {
    return this.#watch.signal;
  }

  stopWatching(): void {
    this.#watch.abort();
  }

  finish(): void {
    this.#finish();
  }
}

/** A reader that came before its container was started. */
export interface WaitingReader extends PendingAttach {
  /** There will be no process to connect to: the start failed, or the container was removed. */
  failed(): void;
}

/** What only the running engine knows of a container. Lost with the daemon, and rebuilt by `recover`. */
export class LiveContainer {
  readonly waiters = new Waiters();
  readonly waitingReaders = new Set<WaitingReader>();
  run: Run | undefined;
  /** What holds the container's lock for longer than a step: "docker cp". */
  busyWith: string | undefined;
  /** Has the files of this stopped container mounted: id of a debugging container. */
  debuggedBy: string | undefined;
  /** Somebody removes it: nobody else may, and nothing starts it again. */
  isBeingRemoved = false;
  /** Delay before the restart that led to this run, or that is being waited for; 0 when a user started it. */
  restartDelayMs = 0;
  /** Ends the wait for the next automatic restart. */
  restartTimer: AbortController | undefined;
}

export class LiveContainers {
  /** The engine takes its containers along: nothing starts any more. */
  isShuttingDown = false;
  readonly #byId = new Map<string, LiveContainer>();

  /** Made when first asked for. */
  of(id: string): LiveContainer {
    const known = this.#byId.get(id);
    if (known) return known;
    const made = new LiveContainer();
    this.#byId.set(id, made);
    return made;
  }

  find(id: string): LiveContainer | undefined {
    return this.#byId.get(id);
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }

  all(): IterableIterator<LiveContainer> {
    return this.#byId.values();
  }
}
