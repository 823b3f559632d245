/** `--device vendor.com/class=name` and `--gpus` to CDI devices. Pure. */
import { Internal, InvalidArgument } from "#base/errors.ts";
import type { DeviceRequest } from "#spec/docker/containers.ts";
import type { CdiDevices, CdiEntry } from "./registry.ts";
import { isQualifiedName } from "./spec.ts";

/** GPUs of `--gpus` without a vendor's name; the first kind that is there. */
const GPU_KINDS = ["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu"];
const ALL = "all";

/** @throws Internal with Docker's texts for a driver there is none for, and for devices no specification describes */
export function resolveRequests(requests: readonly DeviceRequest[], devices: CdiDevices): CdiEntry[] {
  const names = requests.flatMap((request) => namesOf(request, devices));
  const missing = names.filter((name) => !devices.get(name));
  if (missing.length > 0)
    throw new Internal(`CDI device injection failed: unresolvable CDI devices ${missing.join(", ")}`);
  return [...new Set(names)].map((name) => devices.get(name)!);
}

function namesOf(request: DeviceRequest, devices: CdiDevices): string[] {
  const { Driver: driver = "", DeviceIDs: ids } = request;
  if (driver === "cdi") return cdiNames(request);
  const isForGpus = (request.Capabilities ?? []).some((all) => all.includes("gpu"));
  if (isForGpus && (driver === "" || driver === "nvidia")) {
    if (ids?.length && ids.every(isQualifiedName)) return [...ids];
    const kind = GPU_KINDS.find((one) => [...devices.keys()].some((name) => name.startsWith(`${one}=`)));
    if (kind !== undefined) return gpuNames(request, kind, devices);
  }
  throw noDriver(request);
}

/** @throws InvalidArgument */
function cdiNames({ DeviceIDs: ids, Count: count }: DeviceRequest): string[] {
  if (count) throw new InvalidArgument("CDI devices are requested by name: a count cannot be given");
  const invalid = ids?.find((id) => !isQualifiedName(id));
  if (invalid !== undefined || !ids?.length)
    throw new InvalidArgument(`invalid CDI device name ${JSON.stringify(invalid ?? "")}`);
  return [...ids];
}

/** "all", the first N, or those named by number or UUID. */
function gpuNames(
  { Count: count = 0, DeviceIDs: ids }: DeviceRequest,
  kind: string,
  devices: CdiDevices,
): string[] {
  if (ids?.length) return ids.map((id) => `${kind}=${id}`);
  if (count >= 0) return Array.from({ length: count || 1 }, (_, number) => `${kind}=${number}`);
  if (devices.has(`${kind}=${ALL}`)) return [`${kind}=${ALL}`];
  return [...devices.keys()].filter((name) => name.startsWith(`${kind}=`));
}

function noDriver({ Driver: driver = "", Capabilities: asked }: DeviceRequest): Internal {
  const capabilities = (asked ?? []).map((all) => `[${all.join(" ")}]`).join(" ");
  return new Internal(`could not select device driver "${driver}" with capabilities: [${capabilities}]`);
}
