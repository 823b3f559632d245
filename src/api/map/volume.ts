import type { Volume } from "#spec/docker/volumes.ts";
import type { VolumeDetails } from "#volumes/types.ts";

export function volumeView(record: VolumeDetails): Volume {
  const { status, usage, snapshotOf } = record;
  return {
    CreatedAt: record.createdAt,
    Driver: record.driver,
    Labels: textsOrNull(record.labels),
    Mountpoint: record.mountpoint,
    Name: record.name,
    Options: textsOrNull(record.options),
    Scope: record.scope ?? "local",
    ...(status || snapshotOf
      ? { Status: { ...status, ...(snapshotOf ? { SnapshotOf: snapshotOf } : {}) } }
      : {}),
    ...(usage ? { UsageData: { Size: usage.sizeBytes, RefCount: usage.users } } : {}),
  };
}

function textsOrNull(texts: Readonly<Record<string, string>>): Record<string, string> | null {
  return Object.keys(texts).length > 0 ? { ...texts } : null;
}
