/** The engines under comparison, each with its own roots below one directory. Those not installed are left out. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pidsOf, treePssKiB } from "./measure.ts";

export interface Engine {
  readonly name: string;
  /** Holds everything it keeps. */
  readonly root: string;
  /** A client command of this engine. */
  command(...args: string[]): string[];
  readonly env: Record<string, string>;
  /** Starts the daemon and waits for its first answer. @returns milliseconds; undefined without a daemon */
  start(): Promise<number | undefined>;
  stop(): Promise<void>;
  /** In the command line of the process that stands behind each container. */
  readonly supervisor: string;
  /** PSS of everything that runs because the engine runs, without containers' own processes, KiB. */
  memoryKiB(): number | undefined;
  /** The daemon's own processes, without clients, supervisors and containers; empty without a daemon. */
  pids(): number[];
}

const WHARF = join(import.meta.dir, "../dist/wharf");

export function findEngines(directory: string): Engine[] {
  const engines: Engine[] = [];
  if (existsSync(WHARF) && Bun.which("crun")) engines.push(wharf(directory, "crun"));
  if (existsSync(WHARF) && Bun.which("runc")) engines.push(wharf(directory, "runc"));
  if (Bun.which("dockerd") && Bun.which("docker")) engines.push(docker(directory));
  if (Bun.which("podman")) engines.push(podman(directory));
  return engines;
}

/** Wharf with layers as EROFS images, for what has to do with layers. */
export function wharfWithErofs(directory: string): Engine {
  return wharf(directory, "crun", "erofs");
}

function wharf(directory: string, runtime: "crun" | "runc", driver?: "erofs"): Engine {
  const root = join(directory, `wharf-${driver ?? runtime}`);
  const socket = join(root, "wharf.sock");
  const index = driver ? 3 : runtime === "crun" ? 1 : 2;
  const argv = [
    WHARF,
    "daemon",
    "-H",
    `unix://${socket}`,
    "--data-root",
    join(root, "data"),
    "--exec-root",
    join(root, "run"),
    "--pidfile",
    join(root, "pid"),
    "--default-runtime",
    runtime,
    "--bip",
    `10.201.${index}.1/24`,
    "--cgroup-parent",
    `/wharf-bench-${index}`,
    ...(driver ? ["--storage-driver", driver] : []),
  ];
  return daemonEngine({
    name: `wharf (${driver ?? runtime})`,
    root,
    argv,
    socket,
    env: { DOCKER_HOST: `unix://${socket}` },
    client: process.argv.includes("--docker-client") ? "docker" : WHARF,
    supervisor: `wharf-shim --directory ${root}`,
    daemons: () => pidsOf(`daemon -H unix://${socket}`),
    processes: () => pidsOf(join(root, "data")),
  });
}

function docker(directory: string): Engine {
  const root = join(directory, "docker");
  const socket = join(root, "docker.sock");
  const argv = [
    "dockerd",
    "-H",
    `unix://${socket}`,
    "--data-root",
    join(root, "data"),
    "--exec-root",
    join(root, "run"),
    "--pidfile",
    join(root, "pid"),
    "--bip",
    "10.201.9.1/24",
    "--storage-driver",
    "overlay2",
  ];
  return daemonEngine({
    name: "docker",
    root,
    argv,
    socket,
    env: { DOCKER_HOST: `unix://${socket}` },
    client: "docker",
    supervisor: "containerd-shim",
    daemons: () => [
      ...pidsOf(`dockerd -H unix://${socket}`),
      ...pidsOf(`containerd --config ${join(root, "run")}`),
    ],
    processes: () => pidsOf(`dockerd -H unix://${socket}`),
  });
}

interface DaemonEngine {
  readonly name: string;
  readonly root: string;
  readonly argv: readonly string[];
  readonly socket: string;
  readonly env: Record<string, string>;
  readonly client: string;
  readonly supervisor: string;
  readonly processes: () => number[];
  readonly daemons: () => number[];
}

function daemonEngine(spec: DaemonEngine): Engine {
  let child: Bun.Subprocess | undefined;
  return {
    name: spec.name,
    root: spec.root,
    supervisor: spec.supervisor,
    env: { ...(process.env as Record<string, string>), ...spec.env },
    command: (...args) => [spec.client, ...args],
    async start() {
      mkdirSync(spec.root, { recursive: true });
      const log = Bun.file(join(spec.root, "daemon.log"));
      const started = performance.now();
      child = Bun.spawn([...spec.argv], { stdin: "ignore", stdout: log, stderr: log });
      await untilAnswers(spec.socket, child);
      return performance.now() - started;
    },
    async stop() {
      child?.kill("SIGTERM");
      await child?.exited;
    },
    memoryKiB: () => treePssKiB(spec.processes()),
    pids: spec.daemons,
  };
}

async function untilAnswers(socket: string, child: Bun.Subprocess): Promise<void> {
  for (let tries = 0; tries < 10_000; tries++) {
    if (child.exitCode !== null) throw new Error(`${socket}: the daemon ended; see its daemon.log`);
    if (existsSync(socket)) {
      try {
        if ((await fetch("http://engine/_ping", { unix: socket })).ok) return;
      } catch {
        // bound, not yet listening
      }
    }
    await Bun.sleep(1);
  }
  throw new Error(`${socket}: no answer`);
}

function podman(directory: string): Engine {
  const root = join(directory, "podman");
  const flags = [
    "--root",
    join(root, "data"),
    "--runroot",
    join(root, "run"),
    "--tmpdir",
    join(root, "tmp"),
    "--cgroup-manager",
    "cgroupfs",
    "--runtime",
    "crun",
  ];
  return {
    name: "podman",
    root,
    supervisor: "conmon",
    env: process.env as Record<string, string>,
    command: (...args) => ["podman", ...flags, ...args],
    async start() {
      mkdirSync(root, { recursive: true });
      return undefined;
    },
    async stop() {},
    memoryKiB: () => undefined,
    pids: () => [],
  };
}
