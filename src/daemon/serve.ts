/** A running daemon, from lock to last breath. What it needs of the process is handed in, so that tests can be one. */
import { chmodSync, mkdirSync } from "node:fs";
import { messageOf } from "#base/errors.ts";
import type { Log, LogLevel } from "#base/log.ts";
import type { LoadedConfig } from "./config.ts";
import { writeDump } from "./debug.ts";
import { lockDataRoot, writePidfile } from "./lock.ts";
import { daemonPaths } from "./paths.ts";
import { compareConfigs } from "./reload.ts";
import { type ServiceManager, takeServiceManager } from "./service-manager.ts";
import { openSockets } from "./sockets.ts";
import type { DaemonConfig, Engine } from "./types.ts";

/** The part of `process` a daemon uses. */
export interface DaemonProcess {
  readonly pid: number;
  readonly env: Record<string, string | undefined>;
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

export interface ServeRequest {
  readonly loaded: LoadedConfig;
  /** Reads the configuration again. @throws InvalidArgument */
  readonly reload: () => LoadedConfig;
  readonly log: Log;
  readonly setLogLevel: (level: LogLevel) => void;
  readonly createEngine: (config: DaemonConfig, log: Log) => Promise<Engine>;
  readonly process: DaemonProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Starts the engine and serves until a signal ends it. Listeners open before the engine has looked at what the daemon
 * before left: clients that come early wait a moment instead of being refused.
 * @throws EngineError when it cannot start
 */
export async function serve(request: ServeRequest): Promise<void> {
  const { log, now, process } = request;
  const { config, notes } = request.loaded;
  const startedMs = now();
  for (const note of notes) log.warn(note);
  const manager = takeServiceManager(process.env, process.pid, log);
  const state: RunningState = { config };
  await using lifetime = new AsyncDisposableStack();
  const signals = lifetime.use(new SignalListeners(process)); // first in, last out: also during the stop
  mkdirSync(config.execRoot, { recursive: true, mode: 0o711 });
  chmodSync(config.execRoot, 0o711);
  lifetime.use(lockDataRoot(config.dataRoot, daemonPaths(config).lock));
  lifetime.use(writePidfile(config.pidfile));

  const engine = await request.createEngine(config, log);
  lifetime.defer(() => engine.close());
  lifetime.defer(() => engine.api.close(state.config.shutdownTimeoutSeconds * 1000));
  lifetime.defer(async () => {
    if (!state.config.liveRestore) await engine.stopContainers(); // clients still hear how their containers end
  });
  lifetime.use(await openSockets(config, { api: engine.api, inherited: manager.sockets, log }));

  const stopped = listenToSignals(signals, { request, engine, manager, state });
  await engine.recover();
  manager.ready("serving");
  log.info("ready", { milliseconds: Math.round(now() - startedMs), dataRoot: config.dataRoot });

  log.info("stopping", { signal: await stopped });
  manager.stopping();
}

/** What a reload changes. */
interface RunningState {
  config: DaemonConfig;
}

interface Running {
  readonly request: ServeRequest;
  readonly engine: Engine;
  readonly manager: ServiceManager;
  readonly state: RunningState;
}

/** @returns the signal that ends the daemon; a second one ends it without ceremony */
function listenToSignals(signals: SignalListeners, running: Running): Promise<NodeJS.Signals> {
  const { promise: stopped, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) running.request.process.exit(1);
    isStopping = true;
    resolve(signal);
  };
  signals.on("SIGTERM", () => stop("SIGTERM"));
  signals.on("SIGINT", () => stop("SIGINT"));
  signals.on("SIGHUP", () => reload(running));
  signals.on("SIGUSR1", () => dump(running));
  return stopped;
}

class SignalListeners implements Disposable {
  readonly #process: DaemonProcess;
  readonly #listeners: [NodeJS.Signals, () => void][] = [];

  constructor(process: DaemonProcess) {
    this.#process = process;
  }

  on(signal: NodeJS.Signals, listener: () => void): void {
    this.#process.on(signal, listener);
    this.#listeners.push([signal, listener]);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) this.#process.off(signal, listener);
  }
}

function dump({ request, engine, state }: Running): void {
  try {
    const path = writeDump(engine, state.config.execRoot, request.now());
    request.log.info("dump written", { path });
  } catch (error) {
    request.log.error("no dump could be written", { error });
  }
}

/** A configuration that is wrong changes nothing. */
function reload({ request, engine, manager, state }: Running): void {
  const { log } = request;
  manager.reloading();
  try {
    const { config, notes } = request.reload();
    for (const note of notes) log.warn(note);
    const { applied, needRestart } = compareConfigs(state.config, config);
    request.setLogLevel(config.log.level);
    engine.reload(config);
    state.config = { ...state.config, ...pick(config, applied) };
    log.info("configuration reloaded", { applied });
    if (needRestart.length > 0) log.warn("changed settings that need a restart", { settings: needRestart });
  } catch (error) {
    log.error("configuration not reloaded", { reason: messageOf(error) });
  }
  manager.ready("serving");
}

function pick(config: DaemonConfig, names: readonly string[]): Partial<DaemonConfig> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => names.includes(name)));
}
