import { KeyedLock } from "#base/async.ts";
import { Conflict } from "#base/errors.ts";
import { MASKED_PATHS, READONLY_PATHS } from "#runtime/spec/defaults.ts";
import { copyFrom, copyTo, statPath } from "./archive.ts";
import { attachContainer, handOver, watchDetach } from "./attach.ts";
import { containerChanges } from "./changes.ts";
import { createCheckpoint, listCheckpoints, removeCheckpoint } from "./checkpoints.ts";
import { commitContainer } from "./commit.ts";
import type { ContainersDeps, Context } from "./context.ts";
import { createContainer } from "./create.ts";
import { createExec, inspectExec, resizeExec, startExec } from "./exec.ts";
import { ExecSessions } from "./exec-sessions.ts";
import { handleExit } from "./exit.ts";
import { exportContainer } from "./export.ts";
import { watchHealth } from "./health.ts";
import { holdStill } from "./hold-still.ts";
import { listContainers } from "./list.ts";
import { LiveContainers } from "./live.ts";
import { LogCompressor } from "./logs/compress.ts";
import { connectContainer, disconnectContainer } from "./networking.ts";
import { pauseContainer, unpauseContainer } from "./pause.ts";
import { planPruneContainers, planRemoveContainer } from "./plan-remove.ts";
import { pruneContainers } from "./prune.ts";
import { publishPorts } from "./publish.ts";
import { readLogs } from "./read-logs.ts";
import { ContainerRecords } from "./records.ts";
import { recoverContainers } from "./recover.ts";
import { removeContainer } from "./remove.ts";
import { renameContainer } from "./rename.ts";
import { resizeContainer } from "./resize.ts";
import { LogShipping } from "./shipping.ts";
import { shutDownContainers } from "./shutdown.ts";
import { startContainer } from "./start.ts";
import { containerStats, statsOfMany } from "./stats.ts";
import { killContainer, restartContainer, stopContainer } from "./stop.ts";
import { Ticker } from "./times.ts";
import { topContainer } from "./top.ts";
import type { Containers } from "./types.ts";
import { updateContainer, withLiveLimits } from "./update.ts";
import { countStates, imageUsers, runningLogDrivers } from "./users.ts";
import { sizesOf, viewOf } from "./view.ts";
import { waitFor } from "./wait.ts";
import { WarmSamples } from "./warm-samples.ts";
import { watchLog } from "./watch-log.ts";

/** The front door: every operation on containers, each in a file of its own. Call `recover` before any other. */
export function createContainers(deps: ContainersDeps): Containers {
  const closing = new AbortController();
  const records = new ContainerRecords(deps.state);
  const shipping = new LogShipping({ ...deps, records, closing: closing.signal }, deps.shipCommand);
  const live = new LiveContainers();
  const ticker = new Ticker(() => deps.clock.now());
  const warm = new WarmSamples({ ...deps, records, live, ticker });
  const ctx: Context = {
    ...deps,
    records,
    shipping,
    warm,
    compressor: new LogCompressor(),
    live,
    sessions: new ExecSessions(() => deps.clock.now()),
    locks: new KeyedLock(),
    ticker,
    defaults: {
      logConfig: deps.settings.logConfig,
      runtime: deps.runtime.defaultName,
      shmSizeBytes: deps.settings.shmSizeBytes,
      cgroupVersion: deps.settings.host.cgroupVersion,
      ipcMode: deps.settings.ipcMode,
      cgroupnsMode: deps.settings.cgroupnsMode,
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
    closing: closing.signal,
    onRun(id, run) {
      watchLog(ctx, id, run);
      watchDetach(ctx, id, run);
      warm.begin(id, run.watching);
      watchHealth(ctx, id, run).catch((error) =>
        deps.log.error("a container is not probed any more", { container: id, error }),
      );
    },
    onExit: (id, run, status) => void handleExit(ctx, id, run, status),
  };
  let isPruning = false;
  return {
    list: (request) => listContainers(ctx, request),
    get: (nameOrId) => viewOf(ctx, ctx.records.resolve(nameOrId)),
    async inspect(nameOrId, { size }) {
      const record = ctx.records.resolve(nameOrId);
      return withLiveLimits(ctx, viewOf(ctx, record, size ? await sizesOf(ctx, record) : undefined));
    },
    create: (request) => createContainer(ctx, request),
    start: (nameOrId, options) => startContainer(ctx, nameOrId, options),
    stop: (nameOrId, options) => stopContainer(ctx, nameOrId, options),
    restart: (nameOrId, options) => restartContainer(ctx, nameOrId, options),
    kill: (nameOrId, signal) => killContainer(ctx, nameOrId, signal),
    pause: (nameOrId) => pauseContainer(ctx, nameOrId),
    unpause: (nameOrId) => unpauseContainer(ctx, nameOrId),
    rename: (nameOrId, newName) => renameContainer(ctx, nameOrId, newName),
    update: (nameOrId, request) => updateContainer(ctx, nameOrId, request),
    remove: (nameOrId, options) => removeContainer(ctx, nameOrId, options),
    planRemove: (nameOrId, options) => planRemoveContainer(ctx, nameOrId, options),
    planPrune: (filters) => planPruneContainers(ctx, filters),
    async prune(filters) {
      if (isPruning) throw new Conflict("a prune operation is already running");
      isPruning = true;
      try {
        return await pruneContainers(ctx, filters);
      } finally {
        isPruning = false;
      }
    },
    createCheckpoint: (nameOrId, options) => createCheckpoint(ctx, nameOrId, options),
    listCheckpoints: async (nameOrId, directory) => listCheckpoints(ctx, nameOrId, directory),
    removeCheckpoint: async (nameOrId, name, directory) => removeCheckpoint(ctx, nameOrId, name, directory),
    wait: async (nameOrId, condition, signal) => waitFor(ctx, nameOrId, condition, signal),
    attach: (nameOrId, request) => attachContainer(ctx, nameOrId, request),
    handOver: (nameOrId, request, client) => handOver(ctx, nameOrId, request, client),
    logs: async (nameOrId, request) => readLogs(ctx, nameOrId, request),
    resize: async (nameOrId, rows, columns) => resizeContainer(ctx, nameOrId, rows, columns),
    top: (nameOrId, psArgs) => topContainer(ctx, nameOrId, psArgs),
    stats: (nameOrId, options) => containerStats(ctx, nameOrId, options),
    statsOfMany: (names, options) => statsOfMany(ctx, names, options),
    changes: (nameOrId) => containerChanges(ctx, nameOrId),
    statPath: (nameOrId, path, signal) => statPath(ctx, nameOrId, path, signal),
    copyFrom: (nameOrId, path, signal) => copyFrom(ctx, nameOrId, path, signal),
    copyTo: (nameOrId, request) => copyTo(ctx, nameOrId, request),
    export: (nameOrId, signal) => exportContainer(ctx, nameOrId, signal),
    commit: (nameOrId, request) => commitContainer(ctx, nameOrId, request),
    execCreate: async (nameOrId, config) => createExec(ctx, nameOrId, config),
    execStart: (execId, options) => startExec(ctx, execId, options),
    execInspect: (execId) => inspectExec(ctx, execId),
    execResize: async (execId, rows, columns) => resizeExec(ctx, execId, rows, columns),
    connect: (nameOrId, network, settings) => connectContainer(ctx, nameOrId, network, settings),
    publish: (nameOrId, request) => publishPorts(ctx, nameOrId, request),
    disconnect: (nameOrId, network, force) => disconnectContainer(ctx, nameOrId, network, force),
    imageUsers: imageUsers(ctx),
    holdStill: (ids) => holdStill(ctx, ids),
    runningLogDrivers: () => runningLogDrivers(ctx),
    counts: () => countStates(ctx),
    recover: () => recoverContainers(ctx),
    shutDown: (timeoutSeconds) => shutDownContainers(ctx, timeoutSeconds),
    async close() {
      closing.abort();
      shipping.close();
      warm.close();
      for (const live of ctx.live.all()) {
        live.restartTimer?.abort();
        live.run?.stopWatching();
      }
    },
  };
}
