import { posix } from "node:path";
import type { ContainerSettings } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

/** The container's group, relative to the hierarchies' roots: "/wharf/4f3e…". */
export function cgroupPathOf(
  settings: Pick<ContainerSettings, "cgroupParent">,
  record: Pick<ContainerRecord, "id" | "hostConfig">,
): string {
  return posix.join(parentGroupOf(record) ?? settings.cgroupParent, record.id);
}

/** The parent a user asked for, below the hierarchies' roots whatever the text says; undefined for the engine's own. */
export function parentGroupOf({ hostConfig }: Pick<ContainerRecord, "hostConfig">): string | undefined {
  const asked = hostConfig.CgroupParent;
  return asked ? posix.join("/", asked, ".") : undefined;
}
