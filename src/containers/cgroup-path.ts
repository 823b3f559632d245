import { posix } from "node:path";
import type { ContainerSettings } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

/** The container's group, relative to the hierarchies' roots: "/wharf/4f3e…". */
export function cgroupPathOf(
  settings: Pick<ContainerSettings, "cgroupParent">,
  record: Pick<ContainerRecord, "id" | "hostConfig">,
): string {
  return posix.join("/", record.hostConfig.CgroupParent || settings.cgroupParent, record.id);
}
