/** Real containers for tests: a root file system of busybox, a runtime, and one call to run something in it. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { newId } from "#base/ids.ts";
import { silentLog } from "#base/log.ts";
import { createKernel } from "#kernel/linux.ts";
import type { ContainerConfig, HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeSpec } from "#spec/oci/runtime.ts";
import { readDevices } from "../devices.ts";
import { createRuntime, type RuntimeOptions } from "../runtime.ts";
import { buildRuntimeSpec } from "../spec/build.ts";
import type { SpecInput } from "../spec/types.ts";
import { readSpecHost } from "../spec-host.ts";
import type { AttachOptions, AttachStream, Runtime, StartRequest, SupervisedProcess } from "../types.ts";

export const OUTPUT: AttachOptions = { stdin: false, stdout: true, stderr: true };
export const ALL: AttachOptions = { stdin: true, stdout: true, stderr: true };

const ROOTFS = "/run/rootfs";
const RUN_ROOT = "/run/wharf/containers";

export interface Lab {
  readonly runtime: Runtime & Disposable;
  readonly kernel: ReturnType<typeof createKernel>;
  readonly cgroupParent: string;
  readonly stateRoot: string;
  readonly rootfs: string;
  readonly runRoot: string;
}

export async function createLab(options: Partial<RuntimeOptions> = {}): Promise<Lab> {
  makeRootfs();
  const kernel = createKernel();
  const cgroupParent = `/wharf-test-${process.env.WHARF_TEST_RUN}-${crypto.randomUUID().slice(0, 8)}`;
  kernel.cgroups.prepareParent(cgroupParent);
  const stateRoot = "/run/wharf/runtime";
  const runtime = await createRuntime({
    kernel,
    supervisorPath: supervisorPath(),
    stateRoot,
    cacheDirectory: "/run/wharf/cache",
    log: silentLog,
    ...options,
  });
  return { runtime, kernel, cgroupParent, stateRoot, rootfs: ROOTFS, runRoot: RUN_ROOT };
}

/** The supervisor, built when its sources have changed. */
export function supervisorPath(): string {
  const tool = join(import.meta.dir, "../../../tools/build-shim.ts");
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, tool]);
  if (exitCode !== 0) throw new Error(`cannot build the supervisor: ${stderr}`);
  return stdout.toString().trim();
}

/** Debian's static busybox under every name it knows, and a few broken programs. */
function makeRootfs(): void {
  if (existsSync(ROOTFS)) return;
  for (const directory of ["bin", "dev", "etc", "proc", "root", "sbin", "sys", "tmp", "directory"])
    mkdirSync(join(ROOTFS, directory), { recursive: true });
  copyFileSync("/bin/busybox", join(ROOTFS, "bin/busybox"));
  const { stdout } = Bun.spawnSync(["/bin/busybox", "--list"]);
  for (const name of stdout.toString().trim().split("\n"))
    if (name !== "busybox") symlinkSync("busybox", join(ROOTFS, "bin", name));
  writeFileSync(
    join(ROOTFS, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n",
  );
  writeFileSync(join(ROOTFS, "etc/group"), "root:x:0:\nweb:x:1000:\nextra:x:2000:web\n");
  writeFileSync(join(ROOTFS, "not-executable"), "text\n");
  writeFileSync(join(ROOTFS, "bad-format"), "no program\n");
  chmodSync(join(ROOTFS, "bad-format"), 0o755);
}

export interface ContainerRequest {
  readonly runtime: string;
  readonly command: readonly string[];
  readonly id?: string;
  readonly config?: Partial<ContainerConfig>;
  readonly hostConfig?: HostConfig;
  readonly input?: Partial<SpecInput>;
  readonly attach?: readonly AttachOptions[];
}

/** The request `Runtime.start()` takes for a container, with readers that are kept in `streams`. */
export function startRequest(
  lab: Lab,
  request: ContainerRequest,
): { readonly start: StartRequest; readonly streams: AttachStream[]; readonly warnings: readonly string[] } {
  const id = request.id ?? newId();
  const { spec, warnings } = specOf(lab, id, request);
  const stateDirectory = `/run/wharf/state/${id}`;
  mkdirSync(stateDirectory, { recursive: true });
  const streams: AttachStream[] = [];
  const config = request.config ?? {};
  return {
    streams,
    warnings,
    start: {
      id,
      runDirectory: join(RUN_ROOT, id),
      stateDirectory,
      spec,
      terminal: config.Tty ?? false,
      openStdin: config.OpenStdin ?? false,
      stdinOnce: config.StdinOnce ?? false,
      log: { path: join(stateDirectory, "json.log"), maxBytes: 0, maxFiles: 1 },
      runtime: request.runtime,
      attach: (request.attach ?? []).map((options) => ({
        options,
        connected: (stream) => streams.push(stream),
      })),
    },
  };
}

function specOf(
  lab: Lab,
  id: string,
  request: ContainerRequest,
): { spec: RuntimeSpec; warnings: readonly string[] } {
  const hostConfig = { NetworkMode: "none", ...request.hostConfig };
  return buildRuntimeSpec({
    id,
    config: { Hostname: id.slice(0, 12), Cmd: [...request.command], ...request.config },
    hostConfig,
    rootfs: ROOTFS,
    mounts: [],
    files: {},
    namespaces: {
      network: "private",
      ipc: "private",
      pid: "private",
      uts: "private",
      cgroup: "host",
      user: "host",
    },
    cgroupPath: `${lab.cgroupParent}/${id}`,
    accounts: {
      passwd: readFileSync(join(ROOTFS, "etc/passwd"), "utf8"),
      group: readFileSync(join(ROOTFS, "etc/group"), "utf8"),
    },
    devices: readDevices(hostConfig),
    host: readSpecHost(lab.kernel.features, () => lab.kernel.cgroups.supportedLimits(lab.cgroupParent)),
    ...request.input,
  });
}

export interface TestContainer extends AsyncDisposable {
  readonly process: SupervisedProcess;
  readonly streams: readonly AttachStream[];
  readonly start: StartRequest;
}

/** Starts a container; leaving the scope kills and removes it. */
export async function startContainer(lab: Lab, request: ContainerRequest): Promise<TestContainer> {
  const { start, streams } = startRequest(lab, request);
  const supervised = await lab.runtime.start(start);
  return {
    process: supervised,
    streams,
    start,
    async [Symbol.asyncDispose]() {
      supervised.signal(9);
      await supervised.exited;
      await cleanUp(lab, start);
    },
  };
}

export async function cleanUp(lab: Lab, { id, runDirectory, spec }: StartRequest): Promise<void> {
  await lab.runtime.cleanUp({ id, runDirectory, cgroupPath: spec.linux.cgroupsPath! });
}

export interface Outcome {
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end in a container that is removed afterwards. */
export async function runContainer(lab: Lab, request: ContainerRequest): Promise<Outcome> {
  await using container = await startContainer(lab, { attach: [OUTPUT], ...request });
  const output = readAll(container.streams[0]!);
  const { code, signal, oomKilled } = await container.process.exited;
  const bytes = await output;
  const texts = request.config?.Tty ? { stdout: bytes.toString(), stderr: "" } : demultiplex(bytes);
  return { code, signal, oomKilled, ...texts };
}

/** Process id of the supervisor. Right after the start a helper of the runtime may still be the parent. */
export async function supervisorOf(pid: number): Promise<number> {
  for (;;) {
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]!;
    if (readFileSync(`/proc/${parent}/comm`, "utf8").startsWith("wharf-shim")) return Number(parent);
    await Bun.sleep(1);
  }
}

export async function readAll(stream: AttachStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.once("end", resolve).once("close", resolve);
  await promise;
  return Buffer.concat(chunks);
}

/** Docker's frames apart: what came on which stream. */
export function demultiplex(bytes: Buffer): { readonly stdout: string; readonly stderr: string } {
  const parts: Record<number, Buffer[]> = { 1: [], 2: [] };
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts[bytes[at]!]!.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return { stdout: Buffer.concat(parts[1]!).toString(), stderr: Buffer.concat(parts[2]!).toString() };
}
