import type { Volume } from "#spec/docker/volumes.ts";
import type { VolumeRecord } from "#volumes/types.ts";

export function volumeView(record: VolumeRecord): Volume {
  return {
    CreatedAt: record.createdAt,
    Driver: record.driver,
    Labels: textsOrNull(record.labels),
    Mountpoint: record.mountpoint,
    Name: record.name,
    Options: textsOrNull(record.options),
    Scope: "local",
  };
}

function textsOrNull(texts: Readonly<Record<string, string>>): Record<string, string> | null {
  return Object.keys(texts).length > 0 ? { ...texts } : null;
}
