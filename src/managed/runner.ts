import { lstatSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#base/clock.ts";
import { Internal, messageOf, Unavailable } from "#base/errors.ts";
import { namesIn } from "#base/fs.ts";
import { isFullId } from "#base/ids.ts";
import type { Log } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import type { LogPluginPlace } from "#plugins/types.ts";
import type { Runtime, SupervisedProcess } from "#runtime/types.ts";
import { type PluginPaths, type PluginRoots, pathsOf, runRoot } from "./paths.ts";
import { LOGS_INSIDE, type PluginSpecDeps, pluginSpec } from "./spec.ts";
import type { PluginRecord } from "./types.ts";

/** As long as Docker waits for the socket of a plugin that has been started. */
const LISTEN_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** Of the engine's own start. */
const START_WAIT_MS = 3000;
const SIGTERM = 15;
const SIGKILL = 9;
/** From the request to end to the order. */
const STOP_MS = 10_000;
/** Between the end of a plugin that is wanted and its next start; doubles up to the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;
/** One that lived so long is started again as if it had never ended. */
const STEADY_MS = 10_000;
const LOG_BYTES = 1 << 20;

export interface RunnerDeps extends PluginRoots {
  readonly specs: PluginSpecDeps;
  /** The control group of a plugin, by its id. */
  readonly groupFor: (id: string) => string;
  readonly runtime: Pick<Runtime, "start" | "recover" | "cleanUp" | "defaultName">;
  readonly kernel: Pick<Kernel, "mounts">;
  readonly clock: Clock;
  readonly log: Log;
}

interface Kept {
  /** Fires when it is not wanted any more. */
  readonly unwanted: AbortController;
  /** Resolves with what still runs then. */
  readonly done: Promise<SupervisedProcess | undefined>;
}

/** Plugins' processes: started, watched, started again, ended. The caller sees to it that one plugin has one call at a time. */
export class PluginRunner {
  readonly #deps: RunnerDeps;
  readonly #kept = new Map<string, Kept>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  /**
   * Returns when it listens.
   * @throws StartFailed in the runtime's words; Unavailable when it runs and does not listen, or ends: then it runs no more
   */
  async start(record: PluginRecord): Promise<void> {
    let process: SupervisedProcess | undefined;
    try {
      process = await this.#launch(record);
      await this.#untilListening(record, process);
    } catch (error) {
      if (process) await this.#end(record, process);
      else await this.#cleanUp(record);
      throw error;
    }
    this.#keep(record, process);
  }

  /** One that runs already goes on; one that should and does not is started, now or as soon as it can be. */
  async recover(record: PluginRecord): Promise<void> {
    const { runDirectory, directory } = this.#paths(record);
    const found = await this.#deps.runtime.recover({
      id: record.id,
      runDirectory,
      stateDirectory: directory,
    });
    if (found.state === "running") this.#keep(record, found.process);
    else {
      await this.#cleanUp(record);
      const process = await this.#launchOrLog(record);
      this.#keep(record, process);
      if (process) await this.#giveTimeToListen(record, process);
    }
  }

  /** Runs that a crash left of plugins that should not run: a daemon that ended before its record said so. */
  async discardOthers(isWanted: (id: string) => boolean): Promise<void> {
    const ids = namesIn(runRoot(this.#deps)).filter((id) => isFullId(id) && !isWanted(id));
    await Promise.all(
      ids.map((id) =>
        this.#cleanUp({ id }).catch((error) =>
          this.#deps.log.warn("cannot end what a crash left of a plugin", { plugin: id, error }),
        ),
      ),
    );
  }

  /** Returns when it has ended, by request or by force. Not running already counts as done. */
  async stop(record: PluginRecord): Promise<void> {
    const kept = this.#kept.get(record.id);
    this.#kept.delete(record.id);
    kept?.unwanted.abort();
    const process = await kept?.done;
    if (process) await this.#end(record, process);
    else await this.#cleanUp(record);
  }

  /** Lets go of all; they run on. */
  async close(): Promise<void> {
    for (const { unwanted } of this.#kept.values()) unwanted.abort();
    await Promise.all([...this.#kept.values()].map(({ done }) => done));
    this.#kept.clear();
  }

  /** Where it listens as soon as it does, and where pipes are made for it. */
  logPlace(record: PluginRecord): LogPluginPlace {
    const directory = this.#paths(record).logs;
    return { socket: this.#expectedSocket(record), directory, inside: LOGS_INSIDE };
  }

  /** Where it listens; undefined where there is no socket. A link would be the plugin's word for somebody else's socket. */
  socketOf(record: PluginRecord): string | undefined {
    const path = join(this.#paths(record).sockets, record.config.Interface.Socket);
    return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ? path : undefined;
  }

  #paths(record: PluginRecord): PluginPaths {
    return pathsOf(this.#deps, record.id);
  }

  #keep(record: PluginRecord, process: SupervisedProcess | undefined): void {
    const unwanted = new AbortController();
    this.#kept.set(record.id, { unwanted, done: this.#keepAlive(record, process, unwanted.signal) });
  }

  async #keepAlive(
    record: PluginRecord,
    first: SupervisedProcess | undefined,
    unwanted: AbortSignal,
  ): Promise<SupervisedProcess | undefined> {
    const { clock, log } = this.#deps;
    const { promise: end, resolve } = Promise.withResolvers<undefined>();
    unwanted.addEventListener("abort", () => resolve(undefined));
    let process = first;
    for (let pauseMs = FIRST_PAUSE_MS; ; ) {
      const begunMs = clock.now();
      const status = process && (await Promise.race([process.exited, end]));
      if (unwanted.aborted) return process;
      if (status) log.warn("a plugin ended", { plugin: record.name, code: status.code });
      if (process) await this.#cleanUp(record);
      if (clock.now() - begunMs >= STEADY_MS) pauseMs = FIRST_PAUSE_MS;
      await clock.sleep(pauseMs, unwanted);
      if (unwanted.aborted) return undefined;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      process = await this.#launchOrLog(record);
    }
  }

  /** The engine's start waits no longer for any plugin; whoever asks one then waits by itself. */
  async #giveTimeToListen(record: PluginRecord, process: SupervisedProcess): Promise<void> {
    const listening = this.#untilListening(record, process).catch((error) => this.#logFailure(record, error));
    const late = new AbortController();
    await Promise.race([listening, this.#deps.clock.sleep(START_WAIT_MS, late.signal)]);
    late.abort();
  }

  async #launchOrLog(record: PluginRecord): Promise<SupervisedProcess | undefined> {
    try {
      return await this.#launch(record);
    } catch (error) {
      this.#logFailure(record, error);
      return undefined;
    }
  }

  #logFailure({ name }: PluginRecord, error: unknown): void {
    this.#deps.log.error("a plugin that is enabled does not run", { plugin: name, reason: messageOf(error) });
  }

  async #launch(record: PluginRecord): Promise<SupervisedProcess> {
    const paths = this.#paths(record);
    const { runtime } = this.#deps;
    rmSync(paths.sockets, { recursive: true, force: true }); // of the run before: nobody listens there
    for (const directory of [paths.sockets, paths.logs])
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (record.config.PropagatedMount !== "") this.#share(paths.propagated);
    const rootfs = join(paths.directory, record.rootfs);
    const cgroupPath = this.#deps.groupFor(record.id);
    return await runtime.start({
      id: record.id,
      runDirectory: paths.runDirectory,
      stateDirectory: paths.directory,
      spec: pluginSpec(record, { paths, rootfs, cgroupPath }, this.#deps.specs),
      terminal: false,
      openStdin: false,
      stdinOnce: false,
      log: { path: paths.log, maxBytes: LOG_BYTES, maxFiles: 2 },
      runtime: runtime.defaultName,
      attach: [],
    });
  }

  /** A mount of its own that passes on what is mounted below it: into the plugin's container and out of it. */
  #share(directory: string): void {
    const { mounts } = this.#deps.kernel;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    if (mounts.isMountPoint(directory)) return;
    mounts.bind(directory, directory, { recursive: true });
    mounts.setPropagation(directory, "rshared");
  }

  async #untilListening(record: PluginRecord, process: SupervisedProcess): Promise<void> {
    const { clock } = this.#deps;
    const giveUpMs = clock.now() + LISTEN_MS;
    const ended = process.exited.then(({ code }) => {
      throw new Unavailable(`plugin ${record.name} ended with exit code ${code} before it listened`, {
        hint: `see ${this.#paths(record).log}`,
      });
    });
    ended.catch(() => {}); // also long after anybody waits
    for (;;) {
      const failure = await Promise.race([connectionFailure(this.#expectedSocket(record)), ended]);
      if (failure === undefined) return;
      if (clock.now() >= giveUpMs) throw new Internal(failure);
      await Promise.race([clock.sleep(LOOK_EVERY_MS), ended]);
    }
  }

  #expectedSocket(record: PluginRecord): string {
    return join(this.#paths(record).sockets, record.config.Interface.Socket);
  }

  async #end(record: PluginRecord, process: SupervisedProcess): Promise<void> {
    const { clock } = this.#deps;
    process.signal(SIGTERM);
    const late = new AbortController();
    await Promise.race([process.exited, clock.sleep(STOP_MS, late.signal)]);
    late.abort();
    process.signal(SIGKILL);
    await process.exited;
    await this.#cleanUp(record);
  }

  /** What a run leaves; mounts that the plugin has made on the host are its own. */
  async #cleanUp(record: Pick<PluginRecord, "id">): Promise<void> {
    const { runDirectory, sockets } = pathsOf(this.#deps, record.id);
    await this.#deps.runtime.cleanUp({ id: record.id, runDirectory });
    rmSync(sockets, { recursive: true, force: true });
  }
}

/** In Docker's words why nobody answers there; undefined where somebody does. */
async function connectionFailure(path: string): Promise<string | undefined> {
  try {
    if (!statSync(path, { throwIfNoEntry: false }))
      return `dial unix ${path}: connect: no such file or directory`;
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.terminate();
    return undefined;
  } catch {
    return `dial unix ${path}: connect: connection refused`;
  }
}
