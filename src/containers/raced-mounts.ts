/** Places of mounts that another container can turn into links while a runtime makes them. */
import { MOUNT_PLACE_REMEDY } from "#runtime/known-holes.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { ContainerRecord } from "./types.ts";

type Shared = Pick<ContainerRecord, "name" | "mounts">;

export interface RacedMount {
  /** Whose start can be led astray, and where it makes a place. */
  readonly container: string;
  readonly destination: string;
  /** The volume, or the directory of the host, that the place is in. */
  readonly directory: string;
  /** Who can write there. */
  readonly by: string;
}

/** The first mount of `container` below a volume or bind that one of the others has, and may write to. */
export function racedMount(container: Shared, others: Iterable<Shared>): RacedMount | undefined {
  const nested = container.mounts.flatMap(({ destination }) => {
    const outer = mountAbove(container.mounts, destination);
    return outer ? [{ destination, outer }] : [];
  });
  if (nested.length === 0) return undefined;
  for (const other of others) {
    if (other.name === container.name) continue;
    for (const { destination, outer } of nested)
      if (other.mounts.some((mount) => !mount.readOnly && isSameDirectory(mount, outer)))
        return { container: container.name, destination, directory: outer.source, by: other.name };
  }
  return undefined;
}

/** @param runtime as `mountPlaceHole` names it */
export function racedMountWarning(runtime: string, raced: RacedMount): string {
  const { container, destination, directory, by } = raced;
  return (
    `${runtime} can be led astray while it makes the place of the mount ${destination} of ${container}, which lies in ` +
    `${directory}, where ${by} may write too (CVE-2024-45310): ${MOUNT_PLACE_REMEDY}`
  );
}

/** The innermost mount that a place lies in. */
function mountAbove(mounts: readonly PlannedMount[], place: string): PlannedMount | undefined {
  const above = mounts.filter(({ destination }) => place !== destination && isBelow(place, destination));
  const innermost = above.sort((a, b) => b.destination.length - a.destination.length)[0];
  return innermost && innermost.type !== "tmpfs" && innermost.type !== "image" ? innermost : undefined;
}

function isSameDirectory(one: PlannedMount, other: PlannedMount): boolean {
  if (one.type !== other.type) return false;
  if (one.type === "volume") return one.source === other.source;
  return one.type === "bind" && (isBelow(one.source, other.source) || isBelow(other.source, one.source));
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === "/" || path.startsWith(`${directory}/`);
}
