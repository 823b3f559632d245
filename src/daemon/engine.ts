/**
 * The table of contents: every part of the engine is built here once, in dependency order, and connected. What a lower
 * part needs from a higher one is handed to it as a function.
 */
import { mkdirSync } from "node:fs";
import { cpus, hostname } from "node:os";
import { createApi } from "#api/server.ts";
import { systemClock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { nextGroupOf } from "#containers/cgroup-path.ts";
import { createContainers } from "#containers/containers.ts";
import { createEvents } from "#events/bus.ts";
import { JOURNAL_COLLECTION, Journal } from "#events/journal.ts";
import { createImages } from "#images/images.ts";
import { openRegistries } from "#images/open-registries.ts";
import { type ImagesOptions, withDefaults } from "#images/options.ts";
import { createTrustGate } from "#images/trust/gate.ts";
import type { Images, ImageUsers } from "#images/types.ts";
import { createKernel } from "#kernel/linux.ts";
import type { Kernel } from "#kernel/types.ts";
import { createManagedPlugins } from "#managed/managed.ts";
import { NameServerClient } from "#network/dns/service.ts";
import { createNetworks } from "#network/network.ts";
import { createAuthorization } from "#plugins/authorization.ts";
import { PLUGIN_DIRECTORIES } from "#plugins/find-plugin.ts";
import { HostPlugins } from "#plugins/plugins.ts";
import { readAccounts } from "#runtime/accounts.ts";
import { loadDefaultProfile } from "#runtime/apparmor.ts";
import { findCdiEdits } from "#runtime/cdi/find-edits.ts";
import { readDevices } from "#runtime/devices.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { readSpecHost } from "#runtime/spec-host.ts";
import { ContainerUserNamespaces } from "#runtime/user-namespaces.ts";
import { openState } from "#state/sqlite.ts";
import { createContainerFiles } from "#storage/files/files.ts";
import { createStorage } from "#storage/storage.ts";
import { copyUp } from "#volumes/copy-up.ts";
import { MOUNTS_HOST, planMounts } from "#volumes/mounts.ts";
import { createVolumes } from "#volumes/volumes.ts";
import { containerMounts, volumeFiles } from "./file-work.ts";
import { keylessPorts } from "./hosts.ts";
import { findIdMappings } from "./id-mappings.ts";
import { type ImageGcDeps, keepCollecting, runImageGc } from "./image-gc.ts";
import { createSystem } from "./info.ts";
import {
  checkSystemdGroups,
  checkTimeNamespaces,
  findLimits,
  onlineMemoryNodes,
  prepareGroups,
  specDefaults,
} from "./isolation.ts";
import { daemonPaths, instanceNames } from "./paths.ts";
import { isThere, logPluginPlace, pluginUse } from "./plugin-use.ts";
import { selfCommand } from "./self.ts";
import { installSupervisor } from "./supervisor.ts";
import type { DaemonConfig, Engine, ReloadableConfig } from "./types.ts";
import { WHARF_VERSION } from "./version.ts";

const HOST_PLATFORM = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" } as const;

/** After this the code of start-up has run. */
const SETTLED_MS = 1500;
/** Then now and again: what a burst of work needed is not kept for the quiet after it. */
const KEEP_SMALL_EVERY_MS = 60_000;

export async function createEngine(config: DaemonConfig, log: Log): Promise<Engine> {
  const { dataRoot, execRoot, isolation } = config;
  let current: Omit<ReloadableConfig, "log"> = config;
  const paths = daemonPaths(config);
  const names = instanceNames(dataRoot);
  const clock = systemClock;
  await using undo = new AsyncDisposableStack();

  forgetProxies(process.env);
  mkdirSync(dataRoot, { recursive: true, mode: 0o711 });
  for (const directory of [execRoot, paths.netns]) mkdirSync(directory, { recursive: true, mode: 0o711 });
  const kernel = createKernel();
  const [, runtime] = await Promise.all([
    installSupervisor(paths.supervisor),
    createRuntime({
      kernel,
      supervisorPath: paths.supervisor,
      runtimes: config.runtimes,
      defaultName: config.defaultRuntime,
      stateRoot: paths.runtimeState,
      cacheDirectory: paths.cache,
      log,
    }),
  ]);
  undo.use(runtime);
  const userns = new ContainerUserNamespaces({
    ...{ kernel, dataRoot, execRoot, netnsDirectory: paths.netns },
    mappings: findIdMappings(isolation.usernsRemap),
  });
  await userns.prepare();
  const apparmorProfile = await loadDefaultProfile(kernel.features.apparmor, log);
  checkSystemdGroups(config);
  await checkTimeNamespaces(isolation, runtime.runtimes.get(runtime.defaultName)!);
  const state = undo.use(openState(paths.state));
  const events = createEvents({ clock, journal: new Journal(state.collection(JOURNAL_COLLECTION)) });

  const storage = createStorage({
    dataRoot,
    kernel,
    state,
    ...(config.storageDriver === undefined ? {} : { driver: config.storageDriver }),
    log,
    helperCommand: selfCommand("unpack-layer"),
  });
  const networks = createNetworks({
    kernel,
    state,
    events,
    log,
    clock,
    names: new NameServerClient({
      command: selfCommand("name-server"),
      socketPath: paths.nameServer,
      logPath: paths.nameServerLog,
      version: WHARF_VERSION,
      clock,
      log,
    }),
    options: {
      ...config.network,
      table: names.table,
      bridge: config.network.bridge ?? names.bridge,
      netnsDirectory: paths.netns,
      enginePorts: keylessPorts(config),
    },
  });
  const containerFiles = createContainerFiles({ helperCommand: selfCommand("container-files") });
  const plugins = new HostPlugins({
    clock,
    directories: PLUGIN_DIRECTORIES,
    // Volumes need plugins, plugins come as images do: asked only once all are there.
    managed: {
      namesOf: (kind) => managed.namesOf(kind),
      find: (name, kind) => managed.find(name, kind),
      canonicalName: (name) => managed.canonicalName(name),
      hostPath: (name, path) => managed.hostPath(name, path),
    },
  });
  const volumes = createVolumes({
    ...{ dataRoot, kernel, state, events, log, clock, plugins },
    files: volumeFiles(storage, containerFiles),
    freeze: (ids) => containers.holdStill(ids),
  });
  // Images must know who uses them, containers stand on images: asked only once both are there.
  const users: ImageUsers = {
    usersOf: (imageId) => containers.imageUsers.usersOf(imageId),
    countFor: (imageId) => containers.imageUsers.countFor(imageId),
  };
  const images = createImages({
    state,
    storage,
    events,
    users,
    clock,
    log,
    host: HOST_PLATFORM,
    options: imageOptions(() => current.images),
  });
  const specs = {
    host: readSpecHost(kernel.features, () => findLimits(kernel.cgroups, config), isolation),
    defaults: specDefaults(isolation, apparmorProfile),
  };
  const managed = createManagedPlugins({
    ...{ dataRoot, execRoot, state, events, clock, log, kernel, runtime },
    files: containerFiles,
    unpacker: storage.unpacker,
    registries: openRegistries(
      clock,
      imageOptions(() => current.images),
    ),
    trust: createTrustGate({ policy: () => current.images.trustPolicy, nowMs: () => clock.now() }),
    options: () => withDefaults(current.images),
    platform: HOST_PLATFORM,
    version: WHARF_VERSION,
    usersOf: (plugin) =>
      pluginUse(plugin, {
        volumes,
        authorization: current.authorizationPlugins.map((name) => plugins.canonicalName(name)),
        logDrivers: containers.runningLogDrivers().map((driver) => plugins.canonicalName(driver)),
      }),
    groupFor: (id) => nextGroupOf(config, { id, hostConfig: {} }),
    specs: {
      host: specs.host,
      defaults: { seccompProfile: isolation.seccompProfile.text, ulimits: isolation.ulimits },
      readAccounts: (rootfs) => readAccounts(kernel.files, rootfs),
    },
  });
  const containers = createContainers({
    state,
    events,
    images: notingUse(images),
    snapshots: storage.snapshotter,
    files: containerFiles,
    volumes,
    networks,
    runtime,
    planMounts: (request) => planMounts(request, { ...MOUNTS_HOST, dataRoot }),
    copyUp: (request) => copyUp({ files: kernel.files, copyTree: storage.copyTree }, request),
    mounts: containerMounts(kernel, userns),
    userns,
    specs: {
      ...specs,
      initPath: isolation.initPath ?? paths.supervisor,
      readAccounts: (rootfs) => readAccounts(kernel.files, rootfs),
      readDevices,
      findCdiEdits: (requests) => findCdiEdits(requests, isolation.cdiSpecDirs, log),
    },
    logPlugin: (name) => logPluginPlace(name, managed, PLUGIN_DIRECTORIES),
    shipCommand: selfCommand("ship-logs"),
    clock,
    log,
    settings: {
      dataRoot,
      execRoot,
      cgroups: config.cgroups,
      ...config.containers,
      liveRestore: config.liveRestore,
      ipcMode: isolation.ipcMode,
      cgroupnsMode: isolation.cgroupnsMode,
      detachKeys: "",
      host: {
        cpus: cpus().length,
        cgroupVersion: kernel.features.cgroup === "v2" ? "v2" : "v1",
        memoryNodes: onlineMemoryNodes(),
        isRemapping: userns.mappings !== undefined,
        noQuotaReason: storage.snapshotter.quotaTrouble,
        runtimes: runtime.runtimes,
        isLogPlugin: (name) => isThere(() => logPluginPlace(name, managed, PLUGIN_DIRECTORIES)),
        hostname: hostname(),
      },
    },
  });

  const imageGc: ImageGcDeps = {
    images,
    containers,
    volumes,
    storage,
    dataRoot,
    config: () => current.images.gc,
    clock,
    log,
  };
  const system = createSystem({
    config: () => ({ ...config, ...current }),
    kernel,
    runtime,
    storage,
    containers,
    images,
    networks,
    volumes,
    events,
    collectGarbage: (request) => runImageGc(imageGc, request),
  });
  const { promise: ready, resolve: letRequestsIn, reject: refuseRequests } = Promise.withResolvers<void>();
  ready.catch(() => {}); // also when nobody asks before the daemon gives up
  const api = createApi({
    containers,
    images,
    networks,
    volumes,
    plugins: managed,
    events,
    system,
    log,
    ready,
    now: () => clock.now(),
    authorization: createAuthorization(plugins, () => current.authorizationPlugins),
    unreadBytes: (fd) => kernel.files.unreadBytes(fd),
    options: {
      serverName: `wharf/${WHARF_VERSION} (linux)`,
      minVersion: config.minApiVersion,
      experimental: config.experimental,
      builderVersion: "1",
      cgroupVersion: kernel.features.cgroup === "v2" ? 2 : 1,
    },
  });

  const closing = new AbortController();
  let collecting = Promise.resolve();
  const owned = undo.move();
  return {
    api,
    async recover() {
      try {
        prepareGroups(kernel.cgroups, config);
        await storage.snapshotter.sweep();
        await managed.recover(); // containers' volumes may be theirs
        await containers.recover();
        letRequestsIn();
        kernel.processes.becomePromptThread();
        keepSmall(kernel, closing.signal);
        collecting = keepCollecting(imageGc, closing.signal);
      } catch (error) {
        refuseRequests(error);
        throw error;
      }
    },
    reload({ labels, debug, images, liveRestore, shutdownTimeoutSeconds, authorizationPlugins }) {
      current = { labels, debug, images, liveRestore, shutdownTimeoutSeconds, authorizationPlugins };
      events.emit({ type: "daemon", action: "reload", id: system.id, attributes: { name: hostname() } });
    },
    dump: () => ({
      containers: containers.counts(),
      connections: api.connectionCount(),
      eventListeners: events.listeners(),
      memory: process.memoryUsage(),
    }),
    async stopContainers() {
      await containers.shutDown(current.shutdownTimeoutSeconds);
      await managed.stopAll();
    },
    async close() {
      closing.abort();
      await containers.close();
      plugins.close();
      await managed.close();
      networks.close();
      await images.close();
      await collecting;
      await storage.close();
      await owned.disposeAsync();
    },
  };
}

function keepSmall({ processes }: Pick<Kernel, "processes">, until: AbortSignal): void {
  const release = () => processes.releaseProgramPages();
  const first = setTimeout(release, SETTLED_MS);
  const later = setInterval(release, KEEP_SMALL_EVERY_MS);
  until.addEventListener("abort", () => {
    clearTimeout(first);
    clearInterval(later);
  });
}

/** They are part of the configuration by now; fetch would go by them whatever that says. */
function forgetProxies(env: Record<string, string | undefined>): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]) {
    delete env[name];
    delete env[name.toLowerCase()];
  }
}

/** Read anew by each pull, so that a reload needs no restart. */
function imageOptions(current: () => DaemonConfig["images"]): Partial<ImagesOptions> {
  return {
    get maxConcurrentDownloads() {
      return current().maxConcurrentDownloads;
    },
    get maxConcurrentUploads() {
      return current().maxConcurrentUploads;
    },
    get maxDownloadAttempts() {
      return current().maxDownloadAttempts;
    },
    get insecureRegistries() {
      return current().insecureRegistries;
    },
    get registries() {
      return current().registries;
    },
    get proxies() {
      return current().proxies;
    },
    get trustPolicy() {
      return current().trustPolicy;
    },
    userAgent: `wharf/${WHARF_VERSION}`,
  };
}

/** Who makes a container from an image uses it. */
function notingUse(images: Images): Pick<Images, "get" | "find" | "commit"> {
  return {
    get(name, platform) {
      const image = images.get(name, platform);
      images.retention.noteUse(image.id);
      return image;
    },
    find: (name, platform) => images.find(name, platform),
    commit: (request) => images.commit(request),
  };
}
