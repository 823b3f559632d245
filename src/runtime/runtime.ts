import { rmSync } from "node:fs";
import { type Clock, systemClock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { run } from "#base/spawn.ts";
import type { Kernel } from "#kernel/types.ts";
import type { Resources } from "#spec/docker/containers.ts";
import type { RuntimeSpec } from "#spec/oci/runtime.ts";
import { removeExecSession, writeBundle, writeExecSession } from "./bundle.ts";
import { checkCriu, checkpoint, restoreFailure } from "./checkpoint.ts";
import { cleanUp } from "./clean-up.ts";
import { blockDevices } from "./devices.ts";
import { withDevicePaths } from "./held-devices.ts";
import { type Launch, launch } from "./launch.ts";
import { limitsOf } from "./limits.ts";
import { execCommand, type OciRuntime, restoreCommand, runCommand } from "./oci-command.ts";
import {
  chooseDefault,
  findRuntimes,
  probeRuntime,
  type RuntimeConfig,
  SealedRuntimes,
  unknownRuntime,
} from "./oci-runtimes.ts";
import { exitRecordPath } from "./paths.ts";
import { probe } from "./probe.ts";
import { listLive, recover } from "./recover.ts";
import { recoverExecs } from "./recover-execs.ts";
import { checkRootfs } from "./rootfs.ts";
import { HostClock, sample, sampleCpu } from "./sample.ts";
import { PROGRAM_ANNOTATION, SeccompPrograms } from "./seccomp/programs.ts";
import type { ReaderBounds } from "./shim/arguments.ts";
import { describeStuck } from "./stuck.ts";
import { groupOf, scopeUnit } from "./systemd-groups.ts";
import { tellSystemd } from "./tell-systemd.ts";
import type {
  CleanUpRequest,
  ContainerSample,
  CpuSample,
  ExecRequest,
  NamedLimits,
  ProbeOutcome,
  Recovered,
  RecoveredExec,
  RecoverRequest,
  Runtime,
  SampleRequest,
  StartRequest,
  SupervisedProcess,
} from "./types.ts";

export interface RuntimeOptions {
  readonly kernel: Pick<Kernel, "features" | "files" | "cgroups" | "processes" | "netns" | "sockets">;
  /** The supervisor, compiled from shim/; also what `--init` runs inside containers. */
  readonly supervisorPath: string;
  /** From the daemon's configuration, by name. crun and runc are found without. */
  readonly runtimes?: Readonly<Record<string, RuntimeConfig>>;
  readonly defaultName?: string | undefined;
  /** The runtimes' own state, on a tmpfs: no other engine may use it. */
  readonly stateRoot: string;
  /** Survives a reboot; holds compiled seccomp programs. */
  readonly cacheDirectory: string;
  /** Bounds for readers slower than their container; the supervisor's own when absent. */
  readonly readers?: ReaderBounds;
  readonly clock?: Clock;
  readonly log: Log;
}

/** The engine's one way to processes. @throws Unavailable when the host has no OCI runtime */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime & Disposable> {
  const { found, missing } = await findRuntimes(options.runtimes ?? {});
  if (missing.length > 0) options.log.warn("configured runtimes cannot be run", { missing });
  return new SupervisedRuntime(options, found, chooseDefault(found, options.defaultName));
}

class SupervisedRuntime implements Runtime, Disposable {
  readonly runtimes: Map<string, OciRuntime>;
  readonly defaultName: string;
  readonly #options: RuntimeOptions;
  readonly #sealed: SealedRuntimes;
  readonly #programs: SeccompPrograms;
  readonly #host = new HostClock();
  #isDisposed = false;
  /** Of the containers this daemon has started or found: their exec sessions' slow readers need a disk too. */
  readonly #stateDirectories = new Map<string, string>();

  constructor(options: RuntimeOptions, runtimes: ReadonlyMap<string, OciRuntime>, defaultName: string) {
    this.#options = options;
    this.runtimes = new Map(runtimes);
    this.defaultName = defaultName;
    this.#sealed = new SealedRuntimes(options.kernel.files);
    this.#programs = new SeccompPrograms(options.cacheDirectory, options.log);
  }

  async start(request: StartRequest): Promise<SupervisedProcess> {
    const runtime = await this.#named(request.runtime);
    const { id, spec, runDirectory, stateDirectory } = request;
    const record = exitRecordPath(stateDirectory);
    const cgroupPath = groupOf(spec.linux.cgroupsPath ?? `/${id}`);
    checkRootfs(spec.root.path);
    rmSync(record, { force: true }); // of the run before
    writeBundle(runDirectory, this.#withProgram(runtime, spec), runtime.name);
    this.#stateDirectories.set(id, stateDirectory);
    try {
      const process = await this.#launch({
        ...request,
        action: "create",
        directory: runDirectory,
        runtime,
        command: this.#startCommand(runtime, request, cgroupPath),
        program: spec.process.args[0] ?? "",
        record,
        oomCounters: this.#options.kernel.cgroups.oomCounters(cgroupPath),
        overflow: stateDirectory,
      });
      this.#tellSystemd(cgroupPath); // runtimes tell it only of some limits
      return process;
    } catch (error) {
      await this.#cleanUpFailed({ id, runDirectory, cgroupPath });
      throw request.restore ? restoreFailure(error, request.restore) : error;
    }
  }

  async exec(request: ExecRequest): Promise<SupervisedProcess> {
    const runtime = await this.#named(request.runtime);
    const { containerId, terminal } = request;
    const directory = writeExecSession(request.runDirectory, request.id, request.process, request.note);
    try {
      const session = await this.#launch({
        ...request,
        action: "exec",
        directory,
        runtime,
        command: execCommand(runtime, this.#options.stateRoot, containerId, terminal),
        program: request.process.args[0] ?? "",
        stdinOnce: true,
        record: exitRecordPath(directory),
        oomCounters: undefined,
        overflow: this.#stateDirectories.get(containerId),
        log: undefined,
        attach: request.attach ? [request.attach] : [],
      });
      void session.exited.then(() => this.#forgetSession(directory));
      return session;
    } catch (error) {
      removeExecSession(directory);
      throw error;
    }
  }

  async checkCheckpoints(name: string): Promise<void> {
    await checkCriu(await this.#named(name), { which: Bun.which, run });
  }

  async checkpoint(request: Parameters<Runtime["checkpoint"]>[0]): Promise<void> {
    await checkpoint(await this.#named(request.runtime), this.#options.stateRoot, request);
  }

  async recover(request: RecoverRequest): Promise<Recovered> {
    this.#stateDirectories.set(request.id, request.stateDirectory);
    return await recover(this.#options.kernel.files, request);
  }

  async recoverExecs(request: Parameters<Runtime["recoverExecs"]>[0]): Promise<RecoveredExec[]> {
    return await recoverExecs(this.#options.kernel.files, request, (directory) =>
      this.#forgetSession(directory),
    );
  }

  async cleanUp(request: CleanUpRequest): Promise<void> {
    this.#stateDirectories.delete(request.id);
    const { kernel, stateRoot, log, clock = systemClock } = this.#options;
    const { runtimes, defaultName } = this;
    await cleanUp({ kernel, runtimes, defaultName, stateRoot, log, clock }, request);
  }

  freeze(cgroupPath: string): void {
    this.#options.kernel.cgroups.freeze(cgroupPath);
  }

  thaw(cgroupPath: string): void {
    this.#options.kernel.cgroups.thaw(cgroupPath);
  }

  pids(cgroupPath: string): number[] {
    return this.#options.kernel.cgroups.pids(cgroupPath);
  }

  heldLimits(cgroupPath: string, asked: Resources): NamedLimits {
    return withDevicePaths(this.#options.kernel.cgroups.heldLimits(cgroupPath), asked);
  }

  prepareParent(cgroupPath: string): void {
    this.#options.kernel.cgroups.prepareParent(cgroupPath);
  }

  describeProcesses(cgroupPath: string): string {
    const { cgroups } = this.#options.kernel;
    return cgroups.exists(cgroupPath) ? describeStuck(cgroups.pids(cgroupPath)) : "";
  }

  setLimits(cgroupPath: string, limits: Resources): void {
    const { cgroups } = this.#options.kernel;
    cgroups.setLimits(cgroupPath, limitsOf(limits, blockDevices(limits)));
    this.#tellSystemd(cgroupPath);
  }

  /** Not waited for: until it knows, only a reload of systemd would change anything. */
  #tellSystemd(cgroupPath: string): void {
    const { kernel, log } = this.#options;
    tellSystemd(kernel.cgroups, cgroupPath).catch((error: unknown) =>
      log.warn("systemd was not told of a container's limits: its next reload takes them back", {
        cgroupPath,
        error,
      }),
    );
  }

  sample(request: SampleRequest): ContainerSample {
    return sample(this.#options.kernel, this.#host, request);
  }

  sampleCpu(request: { readonly cgroupPath: string }): CpuSample {
    return sampleCpu(this.#options.kernel.cgroups, this.#host, request);
  }

  async probe(request: Parameters<Runtime["probe"]>[0]): Promise<ProbeOutcome> {
    const { kernel, clock = systemClock } = this.#options;
    return await probe({ kernel, clock }, request);
  }

  isHungUp(fd: number): boolean {
    return this.#options.kernel.files.isHungUp(fd);
  }

  async listLive(runRoot: string): Promise<string[]> {
    return await listLive(this.#options.kernel.files, runRoot);
  }

  /** A daemon that lets go sees its connections close; what it would take for the end must stay for the next one. */
  #forgetSession(directory: string): void {
    if (!this.#isDisposed) removeExecSession(directory);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#sealed[Symbol.dispose]();
  }

  #startCommand(runtime: OciRuntime, request: StartRequest, cgroupPath: string): string[] {
    const { stateRoot } = this.#options;
    const { restore } = request;
    const systemdGroup = scopeUnit(cgroupPath) !== undefined;
    if (restore) return restoreCommand(runtime, stateRoot, { ...request, systemdGroup, restore });
    return runCommand(runtime, stateRoot, { ...request, systemdGroup });
  }

  async isRuntime(name: string): Promise<boolean> {
    return (await this.#find(name)) !== undefined;
  }

  async #named(name: string): Promise<OciRuntime> {
    const runtime = await this.#find(name);
    if (!runtime) throw unknownRuntime(name);
    return runtime;
  }

  /** A configured name, or the absolute path of a program that says what it is. */
  async #find(name: string): Promise<OciRuntime | undefined> {
    const known = this.runtimes.get(name);
    if (known || !name.startsWith("/")) return known;
    const found = await probeRuntime(name, { path: name });
    if (found) this.runtimes.set(name, found);
    return found;
  }

  #launch(request: Launch): Promise<SupervisedProcess> {
    const { kernel, supervisorPath, readers } = this.#options;
    return launch({ kernel, supervisorPath, sealed: this.#sealed, readers }, request);
  }

  /** crun takes the finished program and ignores the profile, which stays for those that read config.json. */
  #withProgram(runtime: OciRuntime, spec: RuntimeSpec): RuntimeSpec {
    const profile = runtime.kind === "crun" ? spec.linux.seccomp : undefined;
    const program = profile && this.#programs.programFor(profile);
    if (!program) return spec;
    return { ...spec, annotations: { ...spec.annotations, [PROGRAM_ANNOTATION]: program } };
  }

  /** The failure of the start is what the caller must hear of. */
  async #cleanUpFailed(request: CleanUpRequest): Promise<void> {
    try {
      await this.cleanUp(request);
    } catch (error) {
      this.#options.log.warn("cannot clean up after a failed start", { id: request.id, error });
    }
  }
}
