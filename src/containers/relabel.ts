/** `:z` and `:Z`: where SELinux is enabled the files a container gets are given a label that it may touch. */
import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { runOrThrow } from "#base/spawn.ts";
import { securityOf } from "#runtime/spec/security.ts";
import type { SpecMount } from "#runtime/spec/types.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { Context } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

/** The system's own: with another label the host itself may not touch them any more. */
const NEVER: ReadonlySet<string> = new Set([
  ...["/", "/bin", "/boot", "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/etc/hosts", "/home"],
  ...[
    "/lib",
    "/lib64",
    "/media",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/system",
    "/tmp",
  ],
  ...["/usr", "/var", "/var/lib", "/var/log"],
]);

export interface Relabelling {
  readonly path: string;
  readonly label: string;
}

/** Labels the sources of a container's mounts, all that is below them. For hosts where SELinux is enabled. */
export async function relabelSources(
  { specs }: Pick<Context, "specs">,
  { id, hostConfig, mounts }: Pick<ContainerRecord, "id" | "hostConfig" | "mounts">,
  found: readonly Pick<SpecMount, "destination" | "source">[],
): Promise<void> {
  const { mountLabel } = securityOf(hostConfig, specs.host, specs.defaults, id);
  if (mountLabel === undefined) return;
  const sources = new Map(found.map(({ destination, source }) => [destination, source]));
  for (const { path, label } of planRelabelling(mounts, sources, mountLabel))
    await runOrThrow(["chcon", "--recursive", "--no-dereference", "--", label, path]);
}

/**
 * Pure. `Z` is the container's own label, `z` one that all containers share.
 * @param sources by the place where they are mounted
 * @throws InvalidArgument in Docker's words for a place of the system's
 */
export function planRelabelling(
  mounts: readonly Pick<PlannedMount, "destination" | "mode" | "type">[],
  sources: ReadonlyMap<string, string>,
  mountLabel: string,
): Relabelling[] {
  return mounts.flatMap(({ destination, mode, type }) => {
    const word = mode.split(",").find((one) => one === "z" || one === "Z");
    const path = sources.get(destination);
    if (word === undefined || !path || (type !== "bind" && type !== "volume")) return [];
    if (NEVER.has(posix.resolve(path)))
      throw new InvalidArgument(`SELinux relabeling of ${path} is not allowed`);
    return [{ path, label: word === "Z" ? mountLabel : sharedLabel(mountLabel) }];
  });
}

/** Without the categories that keep containers apart. */
function sharedLabel(label: string): string {
  return [...label.split(":").slice(0, 3), "s0"].join(":");
}
