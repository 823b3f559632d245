import { posix } from "node:path";
import { checkSlice, scopeGroup } from "#runtime/systemd-groups.ts";
import type { ContainerSettings } from "./context.ts";
import type { ContainerRecord } from "./types.ts";

/** Where containers' control groups are, and who makes them. */
export interface GroupSettings {
  readonly driver: "cgroupfs" | "systemd";
  /** Of containers that name none: a directory such as "/wharf", or the slice of systemd's scopes. */
  readonly parent: string;
}

/** The group a container's next run gets, below the hierarchies' roots: "/wharf/4f3e…". */
export function nextGroupOf(
  { cgroups }: Pick<ContainerSettings, "cgroups">,
  record: Pick<ContainerRecord, "id" | "hostConfig">,
): string {
  if (cgroups.driver === "systemd")
    return scopeGroup(record.hostConfig.CgroupParent || cgroups.parent, record.id);
  return directoryOf(cgroups, record);
}

/** The group a container has or had: what its start wrote down, whatever the engine was told since. */
export function cgroupPathOf(
  settings: Pick<ContainerSettings, "cgroups">,
  record: Pick<ContainerRecord, "id" | "hostConfig" | "state">,
): string {
  return record.state.cgroupPath ?? directoryOf(settings.cgroups, record);
}

function directoryOf({ parent }: GroupSettings, record: Pick<ContainerRecord, "id" | "hostConfig">): string {
  return posix.join("/", parentGroupOf(record) ?? parent, record.id);
}

/** The parent a user asked for, below the hierarchies' roots whatever the text says; undefined for the engine's own. */
export function parentGroupOf({ hostConfig }: Pick<ContainerRecord, "hostConfig">): string | undefined {
  const asked = hostConfig.CgroupParent;
  return asked ? posix.join("/", asked, ".") : undefined;
}

/** @throws InvalidArgument where systemd makes the groups and the parent asked for is none of its slices */
export function checkGroupParent({ driver }: GroupSettings, parent: string | undefined): void {
  if (driver === "systemd" && parent) checkSlice(parent);
}
