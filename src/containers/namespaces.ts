import { Conflict, InvalidArgument } from "#base/errors.ts";
import type { SandboxRecord } from "#network/types.ts";
import type { NamespaceChoice, SpecInput } from "#runtime/spec/types.ts";
import type { Context } from "./context.ts";
import { containerOfMode } from "./modes.ts";
import { pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";

type Records = Pick<Context, "records">;

/** Which namespaces a container has for itself, shares with the host, or joins. @throws Conflict when it cannot join */
export function chooseNamespaces(
  ctx: Records,
  record: ContainerRecord,
  sandbox: SandboxRecord,
): Omit<SpecInput["namespaces"], "user"> {
  const { IpcMode: ipc, PidMode: pid, UTSMode: uts, CgroupnsMode: cgroup } = record.hostConfig;
  return {
    network: sandbox.netnsPath === "" ? "host" : { path: sandbox.netnsPath },
    ipc: ipc === "host" ? "host" : joined(ctx, record, ipc, "ipc"),
    pid: pid === "host" ? "host" : joined(ctx, record, pid, "pid"),
    uts: uts === "host" ? "host" : "private",
    cgroup: cgroup === "host" ? "host" : "private",
  };
}

function joined(
  ctx: Records,
  record: ContainerRecord,
  mode: string | undefined,
  kind: "ipc" | "pid",
): NamespaceChoice {
  const owner = containerOfMode(mode);
  if (owner === undefined) return "private";
  return { path: `/proc/${runningContainer(ctx, record, owner, kind).state.pid}/ns/${kind}` };
}

/** The container whose namespace another wants. @throws Conflict in Docker's words when it does not run */
export function runningContainer(
  ctx: Records,
  record: Pick<ContainerRecord, "id">,
  owner: string,
  kind: "network" | "ipc" | "pid",
): ContainerRecord {
  const found = ctx.records.resolve(owner);
  if (found.id === record.id) throw new InvalidArgument(`cannot join own ${kind} namespace`);
  if (found.state.status === "restarting")
    throw new Conflict(`Container ${found.id} is restarting, wait until the container is running`);
  if (found.state.status !== "running" && found.state.status !== "paused")
    throw new Conflict(`cannot join ${kind} of a non running container: ${found.id}`);
  return found;
}

/** Where the memory others may share is mounted, for a container that shares its own or another's. */
export function sharedMemoryPath(
  ctx: Pick<Context, "records" | "settings">,
  record: ContainerRecord,
): string | undefined {
  const mode = record.hostConfig.IpcMode;
  if (mode === "shareable") return pathsOf(ctx.settings, record.id).shm;
  const owner = containerOfMode(mode);
  if (owner === undefined) return undefined;
  const donor = runningContainer(ctx, record, owner, "ipc");
  if (donor.hostConfig.IpcMode !== "shareable")
    throw new Conflict(
      `cannot join IPC of container ${donor.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    );
  return pathsOf(ctx.settings, donor.id).shm;
}
