import { InvalidArgument } from "#base/errors.ts";
import type { GroupSettings } from "#containers/cgroup-path.ts";
import { checkSlice } from "#runtime/systemd-groups.ts";

const DRIVER = "native.cgroupdriver";

/** Who makes containers' control groups, and below which. @throws InvalidArgument */
export function groupConfig(execOptions: readonly string[], parent: string | undefined): GroupSettings {
  if (driverOf(execOptions) === "systemd")
    return { driver: "systemd", parent: checkSlice(parent || "system.slice") };
  return { driver: "cgroupfs", parent: directoryBelowRoot(parent || "/wharf") };
}

function driverOf(options: readonly string[]): string {
  let driver = "cgroupfs";
  for (const option of options) {
    const [name, value = ""] = option.split("=");
    if (name !== DRIVER)
      throw new InvalidArgument(`exec-opt ${JSON.stringify(option)} is not known to wharf`, {
        hint: `there is ${DRIVER}=cgroupfs and ${DRIVER}=systemd`,
      });
    if (!["cgroupfs", "systemd"].includes(value))
      throw new InvalidArgument(`${DRIVER} option ${value} not supported`);
    driver = value;
  }
  return driver;
}

function directoryBelowRoot(text: string): string {
  if (text.endsWith(".slice") || text.split("/").includes(".."))
    throw new InvalidArgument(`invalid cgroup-parent ${JSON.stringify(text)}`, {
      hint: `name a group such as "/wharf"; slices need --exec-opt ${DRIVER}=systemd`,
    });
  return `/${text.split("/").filter(Boolean).join("/")}`;
}
