/** Device nodes and which devices a container's processes may open. */
import { InvalidArgument } from "#base/errors.ts";
import type { DeviceMapping, HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeDevice, RuntimeDeviceRule } from "#spec/oci/runtime.ts";
import { DEVICE_RULES } from "./defaults.ts";
import type { SpecDevices } from "./types.ts";

export interface DeviceAccess {
  /** Nodes to make in /dev. */
  readonly devices: RuntimeDevice[];
  /** For the cgroup's device controller, in order. */
  readonly rules: RuntimeDeviceRule[];
}

/** @throws InvalidArgument for a malformed rule */
export function devicesOf(hostConfig: HostConfig, found: SpecDevices): DeviceAccess {
  if (hostConfig.Privileged) {
    const asked = found.asked.map(({ device }) => device);
    const others = found.host.filter(({ path }) => !asked.some((device) => device.path === path));
    return { devices: [...others, ...asked], rules: [{ allow: true, access: "rwm" }] };
  }
  return {
    devices: found.asked.map(({ device }) => device),
    rules: [
      ...DEVICE_RULES,
      ...found.asked.map(ruleOf),
      ...(hostConfig.DeviceCgroupRules ?? []).map(parseDeviceRule),
    ],
  };
}

function ruleOf({ device, access }: SpecDevices["asked"][number]): RuntimeDeviceRule {
  const type = device.type === "b" ? "b" : "c";
  return { allow: true, type, major: device.major, minor: device.minor, access };
}

/** @throws InvalidArgument */
export function checkDeviceAccess({ CgroupPermissions: access }: DeviceMapping): void {
  if (access && !/^[rwm]{1,3}$/.test(access)) throw new InvalidArgument(`invalid device mode: ${access}`);
}

/** "c 1:* rwm" */
export function parseDeviceRule(text: string): RuntimeDeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) throw new InvalidArgument(`invalid device cgroup rule format: '${text}'`);
  const [, type, major, minor, access] = match;
  return { allow: true, type: type as "a" | "b" | "c", ...numbers({ major, minor }), access };
}

/** An absent number means all of them. */
function numbers(texts: { major: string | undefined; minor: string | undefined }) {
  const entries = Object.entries(texts).filter(([, text]) => text !== "*");
  return Object.fromEntries(entries.map(([name, text]) => [name, Number(text)]));
}
