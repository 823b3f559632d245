import { InvalidArgument, NotFound } from "#base/errors.ts";
import { refuseWriting } from "#volumes/copies.ts";
import { VOLUME_MODE } from "#volumes/mounts.ts";
import type { PlannedMount, VolumeRecord } from "#volumes/types.ts";
import type { Context } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

type Parts = Pick<Context, "volumes" | "snapshots" | "images" | "log">;

/** Volumes of a container that is being created: those that were not there before go again when it fails. */
export class FreshVolumes {
  readonly #ctx: Parts;
  readonly #record: ContainerRecord;
  readonly #made: string[] = [];

  constructor(ctx: Parts, record: ContainerRecord) {
    this.#ctx = ctx;
    this.#record = record;
  }

  /** @returns the mounts, each with the driver its volume really has */
  async make(): Promise<readonly PlannedMount[]> {
    const mounts: PlannedMount[] = [];
    for (const mount of this.#record.mounts) {
      if (mount.volume === undefined) mounts.push(mount);
      else mounts.push(ofDriver(mount, await asBadRequest(this.#make(mount.volume, mount))));
    }
    return mounts;
  }

  async #make(name: string, mount: PlannedMount): Promise<VolumeRecord> {
    const onMade = () => void this.#made.push(name);
    const volume = await makeVolume(this.#ctx, this.#record, mount, onMade);
    refuseWriting(volume, mount.readOnly);
    return volume;
  }

  /** Once the container does not use them any more. One that somebody else uses by now stays. */
  async remove(): Promise<void> {
    for (const name of this.#made.toReversed())
      await this.#ctx.volumes
        .remove(name, { force: true })
        .catch((error) =>
          this.#ctx.log.info("kept a volume of a container that failed", { volume: name, error }),
        );
  }
}

/** To clients "not found" means the image, which they would pull. */
async function asBadRequest<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof NotFound ? new InvalidArgument(error.message, { cause: error }) : error;
  }
}

async function makeVolume(
  ctx: Parts,
  record: ContainerRecord,
  mount: PlannedMount,
  onMade: () => void,
): Promise<VolumeRecord> {
  const options = mount.spec?.VolumeOptions;
  return await ctx.volumes.create(
    {
      Name: mount.volume,
      // Nobody's wish is no wish for the local driver: a volume that is there is taken whatever its driver.
      Driver: options?.DriverConfig?.Name || record.hostConfig.VolumeDriver || "",
      DriverOpts: options?.DriverConfig?.Options,
      Labels: options?.Labels,
    },
    { anonymous: mount.anonymous, user: record.id, onMade },
  );
}

/** A mode that nobody gave is one of the local driver's. */
function ofDriver(mount: PlannedMount, { driver }: VolumeRecord): PlannedMount {
  if (driver === mount.driver) return mount;
  return { ...mount, driver, mode: mount.mode === VOLUME_MODE ? "" : mount.mode };
}

/** Before the container's own writable, which tells the next daemon that the rest is there. */
export async function makeImageSnapshots(ctx: Parts, record: ContainerRecord): Promise<void> {
  for (const { image } of record.mounts)
    if (image) await ctx.snapshots.createWritable(image.snapshot, ctx.images.get(image.id).chainId);
}
