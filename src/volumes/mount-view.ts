import type { MountView, PlannedMount, VolumeRecord } from "./types.ts";

/** A container's mounts as `inspect` and `ps` show them; what `--tmpfs` made is not among them, as with Docker. */
export function mountViews(
  mounts: readonly PlannedMount[],
  findVolume: (name: string) => Pick<VolumeRecord, "mountpoint"> | undefined,
): MountView[] {
  return mounts
    .filter(({ type, spec }) => type !== "tmpfs" || spec !== undefined)
    .map((mount) => ({
      Type: mount.type,
      ...nameOf(mount),
      Source: mount.volume === undefined ? mount.source : (findVolume(mount.volume)?.mountpoint ?? ""),
      Destination: mount.destination,
      ...(mount.driver === undefined ? {} : { Driver: mount.driver }),
      Mode: mount.mode,
      RW: !mount.readOnly,
      Propagation: mount.propagation,
    }));
}

function nameOf({ type, source, volume }: PlannedMount): Pick<MountView, "Name"> {
  if (type === "image") return { Name: source };
  return volume === undefined ? {} : { Name: volume };
}
