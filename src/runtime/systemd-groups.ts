/**
 * Containers' groups where systemd makes them: a scope of its own for each, inside a slice.
 * @see https://systemd.io/CONTROL_GROUP_INTERFACE
 */
import { InvalidArgument } from "#base/errors.ts";

const SUFFIX = ".slice";
/** Unit names may have more, but a slice's dashes say where it is, and its name becomes a directory's. */
const SLICE = /^[A-Za-z0-9:_.\\]+(-[A-Za-z0-9:_.\\]+)*\.slice$/;
const SCOPE = /^(.*)\/wharf-([0-9a-f]{64})\.scope$/;
/** Above all others, with no directory of its own. */
const ROOT_SLICE = "-.slice";

/** @throws InvalidArgument in dockerd's words, with the reason */
export function checkSlice(name: string): string {
  if (name === ROOT_SLICE || SLICE.test(name)) return name;
  throw new InvalidArgument('cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"', {
    hint: `${JSON.stringify(name)} is not a slice's name, and this engine's groups are made by systemd`,
  });
}

/** "a-b.slice" is inside a.slice: "/a.slice/a-b.slice". */
function slicePath(slice: string): string {
  if (slice === ROOT_SLICE) return "";
  const names = slice.slice(0, -SUFFIX.length).split("-");
  return names.map((_, i) => `/${names.slice(0, i + 1).join("-")}${SUFFIX}`).join("");
}

/** Group of a container's scope below the hierarchies' roots: "/system.slice/wharf-ID.scope". */
export function scopeGroup(slice: string, id: string): string {
  return `${slicePath(checkSlice(slice))}/wharf-${id}.scope`;
}

/** The unit systemd has made for a group; undefined for groups that are directories and nothing else. */
export function scopeUnit(group: string): string | undefined {
  const id = SCOPE.exec(group)?.[2];
  return id && `wharf-${id}.scope`;
}

/** What a configuration's `linux.cgroupsPath` says for the group: runtimes want "SLICE:PREFIX:NAME" of a scope. */
export function cgroupsPathOf(group: string): string {
  const [, parent = "", id] = SCOPE.exec(group) ?? [];
  if (id === undefined) return group;
  return `${parent.slice(parent.lastIndexOf("/") + 1) || ROOT_SLICE}:wharf:${id}`;
}

/** The group that a configuration's `linux.cgroupsPath` means. */
export function groupOf(cgroupsPath: string): string {
  const [slice = "", prefix, id] = cgroupsPath.split(":");
  return prefix === "wharf" && id !== undefined ? scopeGroup(slice, id) : cgroupsPath;
}
