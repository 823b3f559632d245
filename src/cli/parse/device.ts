/** `--device`, `--device-cgroup-rule` and `--gpus`. */
import type { DeviceMapping, DeviceRequest } from "#spec/docker/containers.ts";
import { splitCsv } from "../flag-kinds.ts";
import { keyValues } from "./env.ts";

const DEFAULT_PERMISSIONS = "rwm";

/** "vendor.com/class=name": a device described by a CDI file. */
export function isCdiDevice(text: string): boolean {
  return /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[\w.:-]+$/.test(text);
}

/** "/dev/a[:/dev/b][:rwm]". @throws Error */
export function parseDevice(text: string): DeviceMapping {
  const [source = "", ...rest] = text.split(":");
  if (rest.length > 2) throw new Error(`bad format for path: ${text}`);
  const [target, permissions] = rest.length === 1 && isPermissions(rest[0]!) ? [undefined, rest[0]] : rest;
  for (const path of [source, target ?? source])
    if (!path.startsWith("/")) throw new Error(`${path} is not an absolute path`);
  if (permissions !== undefined && !isPermissions(permissions))
    throw new Error(`bad mode specified: ${permissions}`);
  return {
    PathOnHost: source,
    PathInContainer: target ?? source,
    CgroupPermissions: permissions ?? DEFAULT_PERMISSIONS,
  };
}

function isPermissions(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

/** @throws Error */
export function checkDeviceRule(text: string): string {
  if (!/^[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}$/.test(text))
    throw new Error(`invalid device cgroup format '${text}'`);
  return text;
}

/** "all", "2" or "device=0,capabilities=utility,driver=nvidia,options=a=b". @throws Error */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest = {};
  let capabilities: string[] = [];
  for (const field of splitCsv(text)) {
    const equals = field.indexOf("=");
    const [key, value] = equals < 0 ? ["count", field] : [field.slice(0, equals), field.slice(equals + 1)];
    switch (key) {
      case "count":
        request.Count = parseCount(value);
        break;
      case "device":
        request.DeviceIDs = value.split(",");
        break;
      case "driver":
        request.Driver = value;
        break;
      case "capabilities":
        capabilities = value.split(",");
        break;
      case "options":
        request.Options = keyValues(splitCsv(value));
        break;
      default:
        throw new Error(`unexpected key '${key}' in '${field}'`);
    }
  }
  if (request.Count === undefined && !request.DeviceIDs) request.Count = 1;
  return { ...request, Capabilities: [[...capabilities.filter((one) => one !== "gpu"), "gpu"]] };
}

function parseCount(text: string): number {
  if (text === "all") return -1;
  if (!/^-?\d+$/.test(text))
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  return Number(text);
}
