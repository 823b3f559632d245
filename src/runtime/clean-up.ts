import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#base/clock.ts";
import { Internal } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import { runOrThrow } from "#base/spawn.ts";
import type { Kernel } from "#kernel/types.ts";
import { bundleGroup, bundleRuntime, removeBundle } from "./bundle.ts";
import { deleteCommand, type OciRuntime } from "./oci-command.ts";
import { groupOf, scopeUnit } from "./systemd-groups.ts";
import type { CleanUpRequest } from "./types.ts";

const SIGKILL = 9;
/** Killed processes leave their group when the kernel has taken them apart. */
const KILL_DEADLINE_MS = 10_000;
const KILL_POLL_MS = 5;
const LET_GO_DEADLINE_MS = 1000;
const LET_GO_POLL_MS = 2;

export interface CleanUpParts {
  readonly kernel: Pick<Kernel, "cgroups" | "processes">;
  readonly runtimes: ReadonlyMap<string, OciRuntime>;
  readonly defaultName: string;
  readonly stateRoot: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Removes what an ended container left, without a run of the runtime: its `delete` would cost as much as its `run`, and
 * does no more than this. Where the direct way fails the runtime is asked after all, and where systemd keeps a group it
 * made: a scope whose directory we took away before systemd has seen it empty would stay in its books.
 */
export async function cleanUp(parts: CleanUpParts, request: CleanUpRequest): Promise<void> {
  const group = request.cgroupPath ?? groupOf(bundleGroup(request.runDirectory) ?? "");
  if (group !== "") await killAll(parts, group);
  const runtimeState = join(parts.stateRoot, request.id);
  try {
    if (scopeUnit(group) !== undefined && !(await hasLetGo(parts, group)) && existsSync(runtimeState))
      await askRuntime(parts, request, group);
    if (group !== "") parts.kernel.cgroups.remove(group);
    rmSync(runtimeState, { recursive: true, force: true });
  } catch (error) {
    if (!existsSync(runtimeState)) throw error;
    parts.log.warn("cannot remove a container's groups, asking the runtime", { id: request.id, error });
    await askRuntime(parts, request, group);
  }
  removeBundle(request.runDirectory);
}

/** systemd removes the group of a scope that has become empty, and then forgets the scope. */
async function hasLetGo({ kernel, clock }: CleanUpParts, group: string): Promise<boolean> {
  for (let waitedMs = 0; kernel.cgroups.exists(group); waitedMs += LET_GO_POLL_MS) {
    if (waitedMs >= LET_GO_DEADLINE_MS) return false;
    await clock.sleep(LET_GO_POLL_MS);
  }
  return true;
}

async function askRuntime(
  parts: CleanUpParts,
  { id, runDirectory }: CleanUpRequest,
  group: string,
): Promise<void> {
  const name = bundleRuntime(runDirectory) ?? parts.defaultName;
  const runtime = parts.runtimes.get(name);
  if (!runtime)
    throw new Internal(`cannot remove container ${id}: its runtime ${name} is not on this host any more`);
  const systemdGroup = scopeUnit(group) !== undefined;
  await runOrThrow(deleteCommand(runtime, parts.stateRoot, { id, systemdGroup }));
}

/** Left behind when the supervisor was killed, or by a container that shares its pid namespace. */
async function killAll({ kernel, clock }: CleanUpParts, cgroupPath: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += KILL_POLL_MS) {
    const pids = pidsIfExists(kernel, cgroupPath);
    if (pids.length === 0) return;
    if (waitedMs >= KILL_DEADLINE_MS)
      throw new Internal(`processes ${pids.join(", ")} of group ${cgroupPath} cannot be killed`);
    for (const pid of pids) kernel.processes.signal(pid, SIGKILL);
    if (kernel.cgroups.isFrozen(cgroupPath)) kernel.cgroups.thaw(cgroupPath); // the signal waits for that
    await clock.sleep(KILL_POLL_MS);
  }
}

function pidsIfExists(kernel: CleanUpParts["kernel"], cgroupPath: string): number[] {
  return kernel.cgroups.exists(cgroupPath) ? kernel.cgroups.pids(cgroupPath) : [];
}
