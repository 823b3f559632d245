import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { isErrno } from "#base/fs.ts";
import { AT } from "../ffi/constants.ts";
import { unlinkat } from "../files/at.ts";
import { readSmallFile, writeSmallFile } from "../files/small.ts";
import type { Hierarchy } from "./layout.ts";

const RMDIR_ATTEMPTS = 100;
const RMDIR_PAUSE_MS = 1;

/** Makes a group and the ones above it, ready to have children. */
export function createGroup(hierarchy: Hierarchy, path: string): void {
  if (hierarchy.version === 2) enableControllers(hierarchy.root, hierarchy);
  let directory = hierarchy.root;
  for (const name of path.split("/").slice(1)) {
    const parent = directory;
    directory = `${parent}/${name}`;
    mkdirSync(directory, { recursive: true });
    if (hierarchy.controllers.includes("cpuset") && hierarchy.version === 1) fillCpuset(parent, directory);
    if (hierarchy.version === 2) enableControllers(directory, hierarchy);
  }
}

/**
 * Removes a group with its children. Most have none, so these are only looked for when the kernel calls the group busy,
 * which a process that has just ended also makes it for a moment.
 */
export function removeGroup(directory: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      unlinkat(AT.FDCWD, directory, AT.REMOVEDIR);
      return;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      if (!isErrno(error, "EBUSY") || attempt === RMDIR_ATTEMPTS) throw error;
    }
    const children = childrenOf(directory);
    for (const child of children) removeGroup(`${directory}/${child}`);
    if (children.length === 0) Bun.sleepSync(RMDIR_PAUSE_MS);
  }
}

/** Names of the groups directly below; none when the group is gone. */
export function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** Processes of a group and of those below it. */
export function processesOf(directory: string): number[] {
  const below = childrenOf(directory).flatMap((child) => processesOf(`${directory}/${child}`));
  return [...ownProcesses(directory), ...below];
}

function ownProcesses(directory: string): number[] {
  const text = readSmallFile(`${directory}/cgroup.procs`) ?? "";
  return text.split("\n").filter(Boolean).map(Number);
}

/** A v1 cpuset is born empty, and no process can enter it before it has CPUs and memory nodes. */
function fillCpuset(parent: string, directory: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (readSmallFile(`${directory}/${file}`)?.trim() !== "") continue;
    writeSmallFile(`${directory}/${file}`, readSmallFile(`${parent}/${file}`)?.trim() ?? "");
  }
}

/** Lets children of a v2 group have limits; a controller the kernel will not give (cpu beside real-time tasks) is left. */
function enableControllers(directory: string, { root, controllers }: Hierarchy): void {
  const enabled = words(readSmallFile(`${directory}/cgroup.subtree_control`));
  const missing = words(readSmallFile(`${directory}/cgroup.controllers`)).filter(
    (controller) => controllers.includes(controller) && !enabled.includes(controller),
  );
  if (missing.length === 0 || !makeRoom(directory, root)) return;
  for (const controller of missing) {
    try {
      writeSmallFile(`${directory}/cgroup.subtree_control`, `+${controller}`);
    } catch (error) {
      if (!REFUSALS.some((code) => isErrno(error, code))) throw error;
    }
  }
}

const REFUSALS = ["EINVAL", "EOPNOTSUPP", "ENOENT", "EBUSY"];

/**
 * Only the host's root may have processes of its own and hand controllers to children: memory would be refused, and cpu
 * would make the group threaded, so that no process could enter its children. In a container the root we see is not the
 * host's: its processes, ours among them, move to a leaf.
 * @returns false when the group has processes, which are not ours to move
 */
function makeRoom(directory: string, root: string): boolean {
  const isHostRoot = !existsSync(`${directory}/cgroup.type`);
  if (isHostRoot || ownProcesses(directory).length === 0) return true;
  if (directory !== root) return false;
  moveToLeaf(directory);
  return true;
}

function moveToLeaf(directory: string): void {
  const leaf = `${directory}/init`;
  mkdirSync(leaf, { recursive: true });
  for (const pid of ownProcesses(directory)) {
    try {
      writeSmallFile(`${leaf}/cgroup.procs`, String(pid));
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }
}

function words(text = ""): string[] {
  return text.split(/\s+/).filter(Boolean);
}
