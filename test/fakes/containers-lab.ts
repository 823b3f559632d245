import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "#base/clock.ts";
import { NotFound } from "#base/errors.ts";
import { silentLog } from "#base/log.ts";
import { createContainers } from "#containers/containers.ts";
import type { ContainersDeps } from "#containers/context.ts";
import type { Containers } from "#containers/types.ts";
import type { NewEvent } from "#events/types.ts";
import type { ImageView } from "#images/types.ts";
import type { SpecHost } from "#runtime/spec/types.ts";
import type { ContainerCreateRequest } from "#spec/docker/containers.ts";
import { openMemoryState } from "#state/memory.ts";
import type { StateStore } from "#state/types.ts";
import { createContainerFiles } from "#storage/files/files.ts";
import type { PlannedMount } from "#volumes/types.ts";
import { fakeMounts, fakeNetworks, fakeRuntime, fakeSnapshots, fakeVolumes, World } from "./world.ts";

/** The daemon died here: nothing it still tries has an effect. */
export class Crash extends Error {}

/** What can go wrong with one engine's calls to the parts below it. */
interface Gate {
  /** Called with "part.method" before the method has any effect. */
  readonly before: (call: string) => void;
  isDead: boolean;
}

/**
 * The containers folder over recording fakes, on a machine that outlives it. `failAt` makes one call fail; `crashAt`
 * lets the daemon die before its n-th call; `reboot` and `nextDaemon` open the same state again.
 */
export class ContainersLab implements Disposable {
  world = new World();
  readonly directory = mkdtempSync(join(tmpdir(), "containers-lab-"));
  readonly state = openMemoryState();
  readonly clock = new FakeClock();
  readonly calls: string[] = [];
  readonly events: NewEvent[] = [];
  readonly #failures = new Map<string, Error>();
  #crashAt = Number.POSITIVE_INFINITY;
  #gate: Gate;
  containers: Containers;
  mounts: readonly PlannedMount[] = [];
  liveRestore = true;
  image: ImageView = IMAGE;

  constructor() {
    this.#gate = this.#newGate();
    this.containers = createContainers(this.#deps());
  }

  [Symbol.dispose](): void {
    this.#gate.isDead = true;
    rmSync(this.directory, { recursive: true, force: true });
  }

  failAt(call: string, error: Error = new Error(`${call} failed`)): void {
    this.#failures.set(call, error);
  }

  /** Counted from the next call on; 1 is the next one. */
  crashAt(call: number): void {
    this.#crashAt = this.calls.length + call;
  }

  get isCrashed(): boolean {
    return this.#gate.isDead;
  }

  /** A new daemon over what the last one left. It does not recover by itself. */
  nextDaemon(): Containers {
    this.#gate.isDead = true;
    this.#crashAt = Number.POSITIVE_INFINITY;
    this.#failures.clear();
    this.#gate = this.#newGate();
    this.containers = createContainers(this.#deps());
    return this.containers;
  }

  /** The machine went down: what lived in memory is gone, run directories included. */
  reboot(): Containers {
    this.#gate.isDead = true;
    const { writables, volumes } = this.world;
    this.world = new World();
    for (const id of writables) this.world.writables.add(id);
    for (const [name, { users }] of volumes) this.world.volumes.set(name, { users, mountedBy: new Set() });
    rmSync(join(this.directory, "run"), { recursive: true, force: true });
    return this.nextDaemon();
  }

  async create(name: string, body: ContainerCreateRequest = {}): Promise<string> {
    const request = { name, platform: undefined, body: { Image: "busybox", Cmd: ["top"], ...body } };
    return (await this.containers.create(request)).id;
  }

  process(id: string) {
    const process = this.world.supervisors.get(id);
    if (!process) throw new Error(`no process of ${id}`);
    return process;
  }

  actions(): string[] {
    return this.events.filter(({ type }) => type === "container").map(({ action }) => action);
  }

  /** What is there and should not be, after everything has settled; empty when all is well. */
  async leaks(): Promise<string[]> {
    await this.settle();
    const views = await this.containers.list({ all: true });
    const records = new Map(views.map((view) => [view.id, view]));
    const shown = new Set(
      views.flatMap(({ mounts }) => mounts.flatMap(({ image }) => image?.snapshot ?? [])),
    );
    const isUp = (id: string) => ["running", "paused"].includes(records.get(id)?.state.status ?? "");
    const { supervisors, sandboxes, mounts, writables, volumes } = this.world;
    return [
      ...[...supervisors.keys()].filter((id) => !isUp(id)).map((id) => `process ${id}`),
      ...[...sandboxes.keys()].filter((id) => !isUp(id)).map((id) => `sandbox ${id}`),
      ...[...mounts].filter((path) => ![...records.keys()].some((id) => path.includes(id) && isUp(id))),
      ...[...writables].filter((id) => !records.has(id) && !shown.has(id)).map((id) => `writable ${id}`),
      ...[...volumes].flatMap(([name, { users, mountedBy }]) => [
        ...[...users].filter((id) => !records.has(id)).map((id) => `volume ${name} used by ${id}`),
        ...[...mountedBy].filter((id) => !isUp(id)).map((id) => `volume ${name} mounted by ${id}`),
      ]),
      ...[...records.values()].flatMap(({ id, state }) => [
        ...(state.isStarting ? [`${id} is starting for ever`] : []),
        ...(state.status === "removing" ? [`${id} is being removed for ever`] : []),
        ...(isUp(id) && !supervisors.has(id) ? [`${id} runs without a process`] : []),
        ...(writables.has(id) ? [] : [`${id} has no writable directory`]),
      ]),
    ];
  }

  /** Lets everything under way finish. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((done) => setImmediate(done));
  }

  #newGate(): Gate {
    const gate: Gate = {
      isDead: false,
      before: (call) => {
        if (gate.isDead) throw new Crash(call);
        this.calls.push(call);
        if (this.calls.length >= this.#crashAt) {
          gate.isDead = true;
          throw new Crash(call);
        }
        const failure = this.#failures.get(call);
        if (failure) throw failure;
      },
    };
    return gate;
  }

  #deps(): ContainersDeps {
    const gate = this.#gate;
    const gated = <T extends object>(part: string, real: T): T => gateMethods(gate, part, real);
    const state: Pick<StateStore, "collection" | "transaction"> = {
      collection: (definition) => gateWrites(gate, this.state.collection(definition)),
      transaction: (work) => this.state.transaction(work),
    };
    return {
      state,
      shipCommand: ["true"],
      logPlugin: (name) => {
        throw new NotFound(`plugin "${name}" not found`);
      },
      events: { emit: (event) => void (gate.isDead || this.events.push(event)) },
      images: {
        get: (name) => {
          if (name !== "busybox") throw new NotFound(`No such image: ${name}:latest`);
          return this.image;
        },
        find: (name) => (name === "busybox" || name === this.image.id ? this.image : undefined),
        commit: () => Promise.reject(new Error("no image is committed here")),
      },
      snapshots: gated("snapshots", fakeSnapshots(this.world)),
      files: createContainerFiles({ helperCommand: ["no-helper"] }),
      volumes: gated("volumes", fakeVolumes(this.world)),
      networks: gated("networks", fakeNetworks(this.world)),
      runtime: gated("runtime", fakeRuntime(this.world)),
      mounts: gated("mounts", fakeMounts(this.world)),
      planMounts: () => this.mounts,
      userns: {
        mappings: undefined,
        open: async (id) => `/userns/${id}`,
        pathOf: (id) => `/userns/${id}`,
        close: () => {},
        shifted: (path) => path,
        letThrough: () => {},
      },
      copyUp: gated("volumes", { async copyUp() {} }).copyUp,
      specs: {
        host: SPEC_HOST,
        initPath: "/init",
        readAccounts: () => ({ passwd: undefined, group: undefined }),
        findCdiEdits: () => [],
        readDevices: () => ({ asked: [], host: [], block: new Map() }),
      },
      clock: this.clock,
      log: silentLog,
      settings: {
        dataRoot: join(this.directory, "data"),
        execRoot: join(this.directory, "run"),
        cgroups: { driver: "cgroupfs", parent: "/lab" },
        logConfig: { Type: "json-file", Config: {} },
        stopTimeoutSeconds: 10,
        shmSizeBytes: 64 * 1024 * 1024,
        liveRestore: this.liveRestore,
        ipcMode: "private",
        cgroupnsMode: undefined,
        detachKeys: "",
        host: { cpus: 4, cgroupVersion: "v1", runtimes: new Set(["crun", "runc"]), hostname: "lab-host" },
      },
    };
  }
}

export function anonymousVolume(name: string): PlannedMount {
  return {
    type: "volume",
    destination: `/${name}`,
    source: name,
    volume: name,
    driver: "local",
    readOnly: false,
    propagation: "",
    mode: "z",
    copyUp: true,
    recursive: true,
    subpath: undefined,
    createSource: false,
    tmpfsOptions: [],
    anonymous: true,
    spec: undefined,
  };
}

/** A place in an image, and a directory whose ids are exchanged. */
export function stagedMounts(directory: string): PlannedMount[] {
  const plain = { ...anonymousVolume("x"), volume: undefined, driver: undefined, anonymous: false };
  return [
    {
      ...plain,
      type: "image",
      destination: "/image",
      source: "busybox",
      subpath: "etc",
      image: { id: "busybox", snapshot: "5".repeat(64) },
    },
    { ...plain, type: "bind", destination: "/bind", source: directory, idmap: { uid: 7, gid: 7 } },
  ];
}

/** Time that stands still until the test moves it. */
export class FakeClock implements Clock {
  ms = Date.parse("2026-11-21T03:00:00Z");
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();

  now(): number {
    return this.ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((done) => {
      const sleeper = {
        until: this.ms + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          done();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** How long those who sleep still have to, shortest first. */
  get sleeping(): number[] {
    return [...this.#sleepers].map(({ until }) => until - this.ms).sort((a, b) => a - b);
  }

  async advance(ms: number): Promise<void> {
    this.ms += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.ms) sleeper.wake();
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((done) => setImmediate(done));
  }
}

/** Looking is free; everything else passes the gate first. */
const LOOKS = new Set([
  "find",
  "get",
  "sandbox",
  "hostsFile",
  "resolvConf",
  "rootMount",
  "driverData",
  "writables",
  "restrictions",
  "mountOf",
]);

function gateMethods<T extends object>(gate: Gate, part: string, real: T): T {
  return new Proxy(real, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      if (typeof value !== "function" || LOOKS.has(String(name))) return value;
      return (...args: unknown[]) => {
        gate.before(`${part}.${String(name)}`);
        return value.apply(target, args);
      };
    },
  });
}

function gateWrites<T extends object>(gate: Gate, collection: T): T {
  return new Proxy(collection, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "put" || name === "delete") gate.before(`state.${String(name)}`);
        return value.apply(target, args);
      };
    },
  });
}

const SPEC_HOST: SpecHost = {
  features: { cgroup: "v1", controllers: new Set(), apparmor: false, seccomp: false, swapLimit: true },
  arch: "x64",
  capabilities: ["CAP_CHOWN"],
  hardLimits: {},
  oomScoreAdj: 0,
  selinux: false,
  limits: new Set(["memory", "swap", "cpuQuota", "cpuShares", "cpuset", "pids"]),
};

const IMAGE: ImageView = {
  id: `sha256:${"1".repeat(64)}`,
  config: {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
    config: { Env: ["PATH=/bin"] },
  },
  chainId: `sha256:${"2".repeat(64)}`,
  layers: [],
  manifest: { mediaType: "", digest: `sha256:${"3".repeat(64)}`, size: 1 },
  sizeBytes: 1000,
  lastTagTime: "",
  parent: undefined,
  repoTags: ["busybox:latest"],
  repoDigests: [],
};
