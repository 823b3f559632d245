import { InvalidArgument } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { StateStore } from "#state/types.ts";
import { DRIVER_PROBES, type ProbeDeps } from "./probes.ts";
import { openSnapshotRecords } from "./records.ts";

export const DRIVER_NAMES = ["overlay2", "erofs", "btrfs", "fuse-overlayfs", "vfs"] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

export interface ChooseDriverDeps extends ProbeDeps {
  readonly state: StateStore;
  readonly log: Log;
}

/**
 * The driver asked for; else the one that has containers or layers here already, because those are only visible through
 * it; else overlay2, or plain copies where overlayfs does not work.
 * @throws InvalidArgument for a name nobody knows, a driver that does not work here, and another driver than the one
 * whose layers are here
 */
export function chooseDriver(wanted: string | undefined, deps: ChooseDriverDeps): DriverName {
  const inUse = driversInUse(deps.state);
  if (wanted !== undefined) {
    const name = driverNamed(wanted);
    if (inUse.length > 0 && !inUse.includes(name)) throw otherDriver(name, inUse[0]!, deps.directory);
    return usable(name, deps);
  }
  if (inUse[0]) return usable(inUse[0], deps);
  const reason = DRIVER_PROBES.overlay2.trouble(deps);
  if (reason === undefined) return "overlay2";
  deps.log.warn("overlayfs does not work here, layers are kept as plain copies", {
    directory: deps.directory,
    reason,
  });
  return "vfs";
}

function driversInUse(state: StateStore): DriverName[] {
  return DRIVER_NAMES.filter((name) => {
    const { layers, writables } = openSnapshotRecords(state, name);
    return layers.count() + writables.count() > 0;
  });
}

function driverNamed(wanted: string): DriverName {
  const name = DRIVER_NAMES.find((known) => known === (wanted === "overlay" ? "overlay2" : wanted));
  if (name) return name;
  throw new InvalidArgument(`storage driver ${JSON.stringify(wanted)} is not supported`, {
    hint: `choose one of ${DRIVER_NAMES.join(", ")}`,
  });
}

function usable(name: DriverName, deps: ChooseDriverDeps): DriverName {
  const { trouble, remedy } = DRIVER_PROBES[name];
  const reason = trouble(deps);
  if (reason === undefined) return name;
  throw new InvalidArgument(`storage driver ${name} does not work in ${deps.directory}: ${reason}`, {
    hint: remedy,
  });
}

/** Docker would start and show nothing of what is there; we would rather not look as if it were lost. */
function otherDriver(name: DriverName, inUse: DriverName, directory: string): InvalidArgument {
  return new InvalidArgument(
    `storage driver ${name} cannot show what is in ${directory}: its images and containers were made with ${inUse}`,
    {
      hint: `start with --storage-driver=${inUse}, or without the option; to change, save the images, remove everything, and load them again`,
    },
  );
}
