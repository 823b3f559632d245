/** A wharf daemon on a machine of its own, with the clients that talk to it. */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunResult } from "#base/spawn.ts";
import { type Machine, startMachine } from "./machine.ts";
import { testProgram } from "./programs.ts";

/**
 * `WHARF_TEST_ENGINE=dockerd` runs the same tests against the real dockerd, where it is installed: what fails then is
 * either a wrong expectation or something wharf does differently on purpose.
 */
export const IS_DOCKERD = process.env.WHARF_TEST_ENGINE === "dockerd";

/** How many times longer things may take on this machine than usual. */
const PATIENCE = Number(process.env.WHARF_TEST_PATIENCE ?? 1);

export const WHARF = join(import.meta.dir, "../../dist/wharf");

export interface DaemonOptions {
  /** Further flags of `wharf daemon`. */
  readonly flags?: readonly string[];
  /** Test images to import before the test begins. Default: busybox. */
  readonly images?: readonly "busybox"[];
  readonly env?: Record<string, string>;
  /** Shell commands run on the machine before the daemon starts; "$1" is the machine's directory. */
  readonly prepare?: string;
}

export interface TestDaemon extends AsyncDisposable {
  readonly machine: Machine;
  readonly socket: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly cgroupParent: string;
  /** The stock docker client against this daemon. */
  docker(...args: string[]): Promise<RunResult>;
  /** As `docker`; throws when it fails. @returns stdout without the last newline */
  dockerText(...args: string[]): Promise<string>;
  wharf(...args: string[]): Promise<RunResult>;
  wharfText(...args: string[]): Promise<string>;
  /** One API call: body and answer as JSON. */
  api(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly json: unknown; readonly text: string }>;
  /** Ends the daemon's process; its containers live on. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  start(): Promise<void>;
  /** What the daemon wrote so far. */
  log(): Promise<string>;
  /** What is left on the machine that a daemon without containers should not leave. */
  leftovers(): Promise<string[]>;
}

export async function startDaemon(options: DaemonOptions = {}): Promise<TestDaemon> {
  if (!IS_DOCKERD && !existsSync(WHARF)) throw new Error("dist/wharf is not built: run `bun run build`");
  const machine = await startMachine();
  const cgroupParent = `/wharf-test-${process.env.WHARF_TEST_RUN}-${randomBytes(4).toString("hex")}`;
  const socket = join(machine.directory, "wharf.sock");
  const dataRoot = join(machine.directory, "data");
  const execRoot = "/run/wharf";
  const logFile = join(machine.directory, "daemon.log");
  const client = {
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: join(machine.directory, "config"),
    HOME: machine.directory,
  };
  let daemonPid = 0;

  const start = async () => {
    const command = [
      ...(IS_DOCKERD ? ["dockerd"] : [WHARF, "daemon"]),
      "-H",
      `unix://${socket}`,
      "--data-root",
      dataRoot,
      "--exec-root",
      execRoot,
      "--pidfile",
      join(machine.directory, "wharf.pid"),
      "--cgroup-parent",
      cgroupParent,
      ...(options.flags ?? []),
    ];
    const pid = await machine.run(
      [
        "sh",
        "-c",
        'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!',
        "start",
        logFile,
        ...command,
      ],
      { env: { ...options.env } },
    );
    daemonPid = Number(pid.stdout.trim());
    for (let tries = 0; tries < 1600 * PATIENCE; tries++) {
      if (await isAnswering(machine.outside(socket))) return;
      if ((await machine.run(["kill", "-0", String(daemonPid)])).exitCode !== 0) break;
      await Bun.sleep(25);
    }
    throw new Error(`daemon did not start:\n${(await machine.run(["cat", logFile])).stdout}`);
  };

  const text = async (program: string, args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await machine.run([program, ...args], { env: client });
    if (exitCode !== 0) throw new Error(`${args.join(" ")}: exit code ${exitCode}\n${stdout}${stderr}`);
    return stdout.replace(/\n$/, "");
  };

  const daemon: TestDaemon = {
    machine,
    socket,
    dataRoot,
    execRoot,
    cgroupParent,
    docker: (...args) => machine.run(["docker", ...args], { env: client }),
    dockerText: (...args) => text("docker", args),
    wharf: (...args) => machine.run([WHARF, ...args], { env: client }),
    wharfText: (...args) => text(WHARF, args),
    async api(method, path, body) {
      const response = await fetch(`http://wharf${path}`, {
        unix: machine.outside(socket),
        method,
        ...(body === undefined
          ? {}
          : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, text, json: parseOrUndefined(text) };
    },
    async kill(signal = "SIGKILL") {
      await machine.run(["kill", `-${signal.slice(3)}`, String(daemonPid)]);
      for (let tries = 0; tries < 1200; tries++) {
        if ((await machine.run(["kill", "-0", String(daemonPid)])).exitCode !== 0) return;
        await Bun.sleep(25);
      }
      throw new Error(`daemon did not end after ${signal}`);
    },
    start,
    log: async () => (await machine.run(["cat", logFile])).stdout,
    leftovers: () => findLeftovers(machine, { dataRoot, execRoot, cgroupParent }),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
  try {
    if (options.prepare !== undefined)
      await machine.text(["sh", "-ec", options.prepare, "prepare", machine.directory]);
    await start();
    for (const image of options.images ?? ["busybox"]) await importImage(daemon, image);
    return daemon;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

async function isAnswering(socket: string): Promise<boolean> {
  try {
    return (await (await fetch("http://wharf/_ping", { unix: socket })).text()) === "OK";
  } catch {
    return false;
  }
}

async function importImage(daemon: TestDaemon, image: string): Promise<void> {
  const rootfs = join(daemon.machine.directory, "rootfs");
  const script = join(import.meta.dir, "../../tools/setup/busybox-rootfs.sh");
  await daemon.machine.text(["sh", script, rootfs]);
  await daemon.machine.text(["cp", await testProgram("netcheck"), join(rootfs, "bin/netcheck")]);
  await daemon.machine.text(["tar", "-C", rootfs, "-cf", `${rootfs}.tar`, "."]);
  await daemon.dockerText("import", "-c", 'CMD ["sh"]', `${rootfs}.tar`, `${image}:latest`);
  await daemon.machine.text(["rm", "-rf", rootfs, `${rootfs}.tar`]);
}

interface Places {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly cgroupParent: string;
}

/** Mounts, namespaces, links, groups, supervisors and directories that belong to no container. */
async function findLeftovers(machine: Machine, places: Places): Promise<string[]> {
  const lines = async (script: string) =>
    (
      await machine.run(["sh", "-c", script, "look", places.dataRoot, places.execRoot, places.cgroupParent])
    ).stdout
      .split("\n")
      .filter((line) => line !== "");
  const groups = await Promise.all([
    lines(
      'awk \'{print "mount " $5}\' /proc/self/mountinfo | grep -E "$1/|$2/" | grep -v "$2/shifted/" || true',
    ),
    lines("ip -o link | awk -F': ' '{print \"link \" $2}' | grep -E 'veth|vw' || true"),
    lines('find /sys/fs/cgroup -mindepth 1 -path "*$3/*" -type d 2>/dev/null | sed "s/^/cgroup /"'),
    lines("ps -eo pid,args | grep '[w]harf-shim' | sed 's/^/supervisor /' || true"),
    lines('ls -A "$2/containers" 2>/dev/null | sed "s/^/run directory /"'),
    lines('ls -A "$1/containers" 2>/dev/null | sed "s/^/container directory /"'),
  ]);
  return groups.flat();
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
