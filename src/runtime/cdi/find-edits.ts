import type { Log } from "#base/log.ts";
import type { DeviceRequest } from "#spec/docker/containers.ts";
import { deviceAt } from "../devices.ts";
import { type ResolvedEdits, resolveNodes } from "./apply.ts";
import { editsFor, readCdiDevices } from "./registry.ts";
import { resolveRequests } from "./requests.ts";

/**
 * What a container needs for the devices it asks for by name.
 * @param directories of CDI specifications; none: no such devices
 * @throws Internal with Docker's texts, InvalidArgument
 */
export function findCdiEdits(
  requests: readonly DeviceRequest[] | null | undefined,
  directories: readonly string[],
  log: Pick<Log, "warn">,
): readonly ResolvedEdits[] {
  if (!requests?.length) return [];
  const devices = readCdiDevices(directories, log);
  return editsFor(resolveRequests(requests, devices)).map((edits) => resolveNodes(edits, deviceAt));
}
