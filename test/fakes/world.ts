import { mkdirSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { Conflict, NotFound } from "#base/errors.ts";
import { parsePort } from "#network/plan/ports.ts";
import type { EndpointRecord, Networks, SandboxRecord } from "#network/types.ts";
import type {
  ContainerSample,
  ExitStatus,
  ProbeOutcome,
  RecoveredExec,
  Runtime,
  SupervisedProcess,
} from "#runtime/types.ts";
import type { Snapshotter } from "#storage/types.ts";
import type { Volumes } from "#volumes/types.ts";

/** What stays when a daemon dies: processes, mounts, namespaces, directories. A stand-in for the machine. */
export class World {
  readonly supervisors = new Map<string, FakeProcess>();
  readonly exitRecords = new Map<string, ExitStatus>();
  readonly sandboxes = new Map<string, SandboxRecord>();
  readonly mounts = new Set<string>();
  readonly writables = new Set<string>();
  readonly volumes = new Map<string, { readonly users: Set<string>; readonly mountedBy: Set<string> }>();
  readonly frozen = new Set<string>();
  sample: ContainerSample | undefined;
  /** What health probes find; undefined: nobody answers. */
  probeOutcome: ProbeOutcome | undefined = { passed: true, output: "fine" };
  readonly probes: string[] = [];
  /** What a new daemon finds of exec sessions. */
  recoveredExecs: RecoveredExec[] = [];
  readonly execs: FakeProcess[] = [];
  /** Readers that waited for a start and got their connection. */
  connected = 0;
  /** How the next processes behave when asked to end. */
  ignoresTerm = false;
}

/** A process whose end the test decides, or that ends at a signal. */
export class FakeProcess implements SupervisedProcess {
  readonly pid: number;
  readonly startedAt = "2026-11-21T03:00:00.000000000Z";
  readonly signals: number[] = [];
  readonly sizes: (readonly [number, number])[] = [];
  readonly connections: PassThrough[] = [];
  readonly exited: Promise<ExitStatus>;
  hasEnded = false;
  readonly #end: (status: ExitStatus) => void;

  constructor(
    readonly id: string,
    readonly world: World,
    public ignoresTerm: boolean, // a test may change its mind
  ) {
    this.pid = 1000 + world.supervisors.size;
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    this.exited = promise;
    this.#end = resolve;
  }

  exit(code: number, change: Partial<ExitStatus> = {}): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const status = {
      code,
      signal: 0,
      oomKilled: false,
      finishedAt: "2026-11-21T03:00:07.000000000Z",
      ...change,
    };
    this.world.supervisors.delete(this.id);
    this.world.exitRecords.set(this.id, status);
    this.#end(status);
  }

  async attach(): Promise<PassThrough> {
    const connection = new PassThrough();
    this.connections.push(connection);
    return connection;
  }

  resize(rows: number, columns: number): void {
    this.sizes.push([rows, columns]);
  }

  signal(signal: number): boolean {
    this.signals.push(signal);
    if (signal === 9) this.exit(137, { signal: 9 });
    if (signal === 15 && !this.ignoresTerm) this.exit(143, { signal: 15 });
    return true;
  }

  /** As a supervisor that does not know it: every client passes through here. */
  async handOver(): Promise<boolean> {
    return false;
  }

  watchDetach(): void {}
  closeStdin(): void {}
  watchLog(): void {}
  adoptCompressedLog(): boolean {
    return true;
  }
  reopenLog(): void {}
}

export function fakeRuntime(world: World) {
  const runtime: Pick<
    Runtime,
    | "start"
    | "exec"
    | "recover"
    | "recoverExecs"
    | "cleanUp"
    | "listLive"
    | "freeze"
    | "thaw"
    | "pids"
    | "setLimits"
    | "heldLimits"
    | "isRuntime"
    | "prepareParent"
    | "sample"
    | "sampleCpu"
    | "probe"
    | "describeProcesses"
    | "checkCheckpoints"
    | "checkpoint"
    | "isHungUp"
    | "defaultName"
    | "runtimes"
  > = {
    defaultName: "crun",
    runtimes: new Map([["crun", { name: "crun", path: "/usr/bin/crun", version: "crun version 1.8.1" }]]),
    async start(request) {
      mkdirSync(request.runDirectory, { recursive: true });
      world.exitRecords.delete(request.id);
      const process = new FakeProcess(request.id, world, world.ignoresTerm);
      world.supervisors.set(request.id, process);
      for (const reader of request.attach) {
        world.connected += 1;
        reader.connected(new PassThrough());
      }
      return process;
    },
    async exec(request) {
      const process = new FakeProcess(request.id, world, false);
      world.execs.push(process);
      request.attach?.connected(await process.attach());
      return process;
    },
    async recover({ id }) {
      const process = world.supervisors.get(id);
      const status = world.exitRecords.get(id);
      if (process) return { state: "running", process };
      return status ? { state: "exited", status } : { state: "lost" };
    },
    async recoverExecs() {
      return world.recoveredExecs;
    },
    async cleanUp({ id, runDirectory }) {
      world.supervisors.get(id)?.exit(137);
      rmSync(runDirectory, { recursive: true, force: true });
    },
    listLive: async () => [...world.supervisors.keys()],
    freeze: (path) => void world.frozen.add(path),
    thaw: (path) => void world.frozen.delete(path),
    pids: () => [1000, 1001],
    describeProcesses: () => "1000 (dd, D (disk sleep))",
    isHungUp: () => false,
    setLimits() {},
    heldLimits: () => ({}),
    isRuntime: async (name) => name === "crun" || name === "runc",
    prepareParent() {},
    sample() {
      if (!world.sample) throw new NotFound("no such group");
      return world.sample;
    },
    sampleCpu() {
      if (!world.sample) throw new NotFound("no such group");
      return world.sample;
    },
    async checkCheckpoints() {},
    async checkpoint({ containerId, leaveRunning }) {
      if (!leaveRunning) world.supervisors.get(containerId)?.exit(137, { signal: 9 });
    },
    async probe({ netnsPath, target, signal }) {
      world.probes.push(`${netnsPath} ${target.kind} ${target.address}:${target.port}${target.path}`);
      if (world.probeOutcome) return world.probeOutcome;
      await new Promise((timeout) => signal.addEventListener("abort", timeout));
      return { passed: false, output: "too late" };
    },
  };
  return runtime;
}

export function fakeNetworks(world: World) {
  const networks: Pick<
    Networks,
    | "find"
    | "get"
    | "openSandbox"
    | "sandbox"
    | "closeSandbox"
    | "settled"
    | "gone"
    | "connect"
    | "disconnect"
    | "publish"
    | "publishNotice"
    | "rename"
    | "hostsFile"
    | "resolvConf"
    | "recover"
  > = {
    find: (name) => fakeNetwork(name),
    get: (name) => fakeNetwork(name),
    openSandbox({ containerId, containerName, endpoints }) {
      const sandbox: SandboxRecord = {
        containerId,
        containerName,
        netnsPath: endpoints.some(({ network }) => network === "host") ? "" : `/netns/${containerId}`,
        endpoints: endpoints.map(({ network, settings }) =>
          fakeEndpoint(containerId, containerName, network, settings),
        ),
        ports: [],
      };
      world.sandboxes.set(containerId, sandbox);
      return sandbox;
    },
    sandbox: (id) => world.sandboxes.get(id),
    settled: () => Promise.resolve(),
    gone: () => Promise.resolve(),
    closeSandbox: (id) => void world.sandboxes.delete(id),
    connect(id, network, settings) {
      const sandbox = world.sandboxes.get(id)!;
      const endpoint = fakeEndpoint(id, sandbox.containerName, network, settings);
      world.sandboxes.set(id, { ...sandbox, endpoints: [...sandbox.endpoints, endpoint] });
      return endpoint;
    },
    disconnect(id, network) {
      const sandbox = world.sandboxes.get(id)!;
      const endpoints = sandbox.endpoints.filter((endpoint) => endpoint.networkName !== network);
      world.sandboxes.set(id, { ...sandbox, endpoints });
    },
    publish(id, { add, remove }) {
      const sandbox = world.sandboxes.get(id)!;
      const kept = sandbox.ports.filter((port) => !remove.includes(port));
      const added = Object.entries(add).flatMap(([port, hosts]) =>
        (hosts ?? []).map(({ HostPort }) => ({
          ...parsePort(port),
          hostAddress: "0.0.0.0",
          hostPort: Number(HostPort || 32768),
        })),
      );
      const after = { ...sandbox, ports: [...kept, ...added] };
      world.sandboxes.set(id, after);
      return after;
    },
    publishNotice: () => undefined,
    rename() {},
    hostsFile: ({ hostname, sandbox, extraHosts }) =>
      `${[sandbox ? hostname : "host", ...(sandbox?.endpoints ?? []).map((e) => e.networkName), ...extraHosts].join("\n")}\n`,
    resolvConf: ({ dns }) => dns.map((server) => `nameserver ${server}\n`).join(""),
    recover(running) {
      for (const id of [...world.sandboxes.keys()]) if (!running.has(id)) world.sandboxes.delete(id);
    },
  };
  return networks;
}

function fakeNetwork(name: string) {
  return {
    id: `id-of-${name}`,
    name,
    driver: "bridge",
    created: "2026-11-21T03:00:00Z",
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: false,
    ipam: { driver: "default", options: {}, config: [] },
    options: {},
    labels: {},
  };
}

function fakeEndpoint(
  containerId: string,
  containerName: string,
  network: string,
  settings: EndpointRecord["settings"],
): EndpointRecord {
  const name = network.replace("id-of-", "");
  return {
    id: `${containerId}-${name}`,
    networkId: `id-of-${name}`,
    networkName: name,
    containerId,
    containerName,
    interfaceName: "eth0",
    hostInterfaceName: "veth0",
    mac: "02:42:ac:11:00:02",
    ipv4: { address: "172.17.0.2", prefixLength: 16, gateway: "172.17.0.1" },
    ipv6: undefined,
    aliases: [],
    settings,
  };
}

export function fakeSnapshots(world: World) {
  const snapshots: Pick<
    Snapshotter,
    | "name"
    | "createWritable"
    | "rootMount"
    | "diffSource"
    | "driverData"
    | "writableSize"
    | "removeWritable"
    | "writables"
  > = {
    name: "overlay2",
    createWritable: async (id) => void world.writables.add(id),
    diffSource: (id) => ({ kind: "upper", upper: `/up/${id}`, lower: [] }),
    rootMount: (id) => ({
      kind: "overlay",
      lower: ["/lower"],
      upper: `/upper/${id}`,
      work: "/work",
      source: undefined,
    }),
    driverData: (id) => ({ UpperDir: `/upper/${id}` }),
    writableSize: async () => 42,
    removeWritable: async (id) => void world.writables.delete(id),
    writables: () => [...world.writables],
  };
  return snapshots;
}

export function fakeMounts(world: World) {
  return {
    root: (_root: unknown, target: string) => void world.mounts.add(target),
    shm: (target: string) => void world.mounts.add(target),
    image: (_root: unknown, target: string) => void world.mounts.add(target),
    below(_directory: string, _path: string, target: string) {
      mkdirSync(target, { recursive: true });
      world.mounts.add(target);
    },
    exchangingIds: async (_source: string, target: string) => {
      mkdirSync(target, { recursive: true });
      world.mounts.add(target);
    },
    restrictions: () => [],
    mountOf: () => ({ target: "/", peers: [] }),
    unmount: (target: string) => void world.mounts.delete(target),
  };
}

export function fakeVolumes(world: World) {
  const recordOf = (name: string, anonymous = false) => ({
    name,
    driver: "local",
    mountpoint: `/volumes/${name}`,
    createdAt: "2026-11-21T03:00:00Z",
    labels: {},
    options: {},
    anonymous,
  });
  const volumes: Pick<
    Volumes,
    | "create"
    | "find"
    | "get"
    | "release"
    | "remove"
    | "mount"
    | "unmount"
    | "recover"
    | "usersOf"
    | "sizeBytes"
  > = {
    async create({ Name: name = "" }, options) {
      if (!world.volumes.has(name)) {
        world.volumes.set(name, { users: new Set(), mountedBy: new Set() });
        options?.onMade?.();
      }
      if (options?.user !== undefined) world.volumes.get(name)!.users.add(options.user);
      return recordOf(name, options?.anonymous);
    },
    find: (name) => (world.volumes.has(name) ? recordOf(name) : undefined),
    get: (name) => recordOf(name),
    async release(id) {
      const used = [...world.volumes].filter(([, { users }]) => users.delete(id));
      return used.map(([name]) => name);
    },
    async remove(name) {
      const users = world.volumes.get(name)?.users ?? new Set();
      if (users.size > 0) throw new Conflict(`remove ${name}: volume is in use - [${[...users]}]`);
      world.volumes.delete(name);
    },
    async mount(name, id) {
      world.volumes.get(name)!.mountedBy.add(id);
      return `/volumes/${name}`;
    },
    unmount: async (name, id) => void world.volumes.get(name)?.mountedBy.delete(id),
    usersOf: (name) => [...(world.volumes.get(name)?.users ?? [])],
    sizeBytes: async () => 0,
    async recover(running) {
      for (const { mountedBy } of world.volumes.values())
        for (const id of mountedBy) if (!running.has(id)) mountedBy.delete(id);
    },
  };
  return volumes;
}
