import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgument, messageOf } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import type { StateStore } from "#state/types.ts";
import { mountRoot, unmountRoot } from "./mounts.ts";
import { openSnapshotRecords } from "./records.ts";

/** Best first. */
export const DRIVER_NAMES = ["overlay2", "vfs"] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

export interface ChooseDriverDeps {
  readonly kernel: Pick<Kernel, "mounts">;
  readonly state: StateStore;
  /** Where the directories will be: whether overlayfs works depends on the file system there. */
  readonly directory: string;
  readonly log: Log;
}

/**
 * The driver asked for; else the one that has containers or layers here already, because those are only visible through
 * it; else the best one that works.
 * @throws InvalidArgument for a name nobody knows, or overlay2 where it does not work
 */
export function chooseDriver(wanted: string | undefined, deps: ChooseDriverDeps): DriverName {
  if (wanted !== undefined) return checkWanted(wanted, deps);
  const inUse = DRIVER_NAMES.find((name) => {
    const { layers, writables } = openSnapshotRecords(deps.state, name);
    return layers.count() + writables.count() > 0;
  });
  if (inUse) return inUse;
  const reason = overlayTrouble(deps);
  if (reason === undefined) return "overlay2";
  deps.log.warn("overlayfs does not work here, layers are kept as plain copies", {
    directory: deps.directory,
    reason,
  });
  return "vfs";
}

function checkWanted(wanted: string, deps: ChooseDriverDeps): DriverName {
  const name = DRIVER_NAMES.find(
    (known) => known === wanted || (known === "overlay2" && wanted === "overlay"),
  );
  if (!name)
    throw new InvalidArgument(`storage driver ${JSON.stringify(wanted)} is not supported`, {
      hint: `choose one of ${DRIVER_NAMES.join(", ")}`,
    });
  const reason = name === "overlay2" ? overlayTrouble(deps) : undefined;
  if (reason !== undefined)
    throw new InvalidArgument(`storage driver overlay2 does not work in ${deps.directory}: ${reason}`, {
      hint: "put the data root on ext4, xfs or btrfs, or choose the driver vfs",
    });
  return name;
}

/** Tries it: mounts two empty directories. @returns the kernel's reason when it refuses */
function overlayTrouble({ kernel, directory }: ChooseDriverDeps): string | undefined {
  const probe = join(directory, "overlay-probe");
  rmSync(probe, { recursive: true, force: true }); // of a start that was killed here
  const lower = join(probe, "lower");
  const upper = join(probe, "upper");
  const work = join(probe, "work");
  const target = join(probe, "target");
  try {
    for (const path of [lower, upper, work, target]) mkdirSync(path, { recursive: true });
    mountRoot(kernel, { kind: "overlay", lower: [lower], upper, work, source: undefined }, target);
    unmountRoot(kernel, target);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
