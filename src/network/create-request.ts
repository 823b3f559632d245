import { InvalidArgument, PermissionDenied, Unavailable } from "#base/errors.ts";
import type { NetworkCreateRequest } from "#spec/docker/networks.ts";
import { CONFIG_ONLY_DRIVER } from "./config-networks.ts";
import { driverNamed } from "./drivers/all.ts";
import type { NetworkRecord } from "./types.ts";

/** Names that always mean the same: the first three are networks, the last is whichever of them containers join. */
const PREDEFINED = ["bridge", "host", "none", "default"];

export function isPredefined(name: string): boolean {
  return PREDEFINED.includes(name);
}

/**
 * A request as far as it can be judged by itself, with defaults filled in; addresses come later.
 * @throws EngineError with Docker's text
 */
export function checkCreateRequest(request: NetworkCreateRequest): Omit<NetworkRecord, "id" | "created"> {
  const { Name: name, Driver: driver = "bridge", ConfigOnly: configOnly = false } = request;
  checkName(name);
  checkScope(request);
  const { canCreate } = driverNamed(driver === "" ? "bridge" : driver);
  if (!canCreate && !configOnly)
    throw new PermissionDenied(`only one instance of "${driver}" network is allowed`);
  const enableIPv4 = request.EnableIPv4 ?? true;
  const enableIPv6 = request.EnableIPv6 ?? false;
  if (!enableIPv4 && !enableIPv6)
    throw new InvalidArgument(`invalid network config:\nnetwork ${name} needs IPv4, IPv6 or both`);
  return {
    name,
    driver: configOnly ? CONFIG_ONLY_DRIVER : driver === "" ? "bridge" : driver,
    internal: request.Internal ?? false,
    attachable: request.Attachable ?? false,
    enableIPv4,
    enableIPv6,
    ipam: {
      driver: ipamDriver(request),
      options: request.IPAM?.Options ?? null,
      config: request.IPAM?.Config ?? [],
    },
    options: request.Options ?? {},
    labels: request.Labels ?? {},
    ...(configOnly ? { configOnly } : {}),
    ...(request.ConfigFrom?.Network ? { configFrom: request.ConfigFrom.Network } : {}),
  };
}

function checkName(name: string): void {
  if (name.trim() === "") throw new InvalidArgument("invalid name: name is empty");
  if (isPredefined(name))
    throw new PermissionDenied(`operation is not permitted on predefined ${name} network `); // the blank is Docker's
  if (/[/\0]|[^\S ]|^ | $/.test(name))
    throw new InvalidArgument(
      `invalid name: "${name}" has a slash, or white space that is no blank between words`,
    );
}

function checkScope({ Scope, Ingress }: NetworkCreateRequest): void {
  if (Scope === "swarm" || Ingress)
    throw new Unavailable(
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  if (Scope && Scope !== "local") throw new InvalidArgument(`invalid network scope "${Scope}"`);
}

function ipamDriver({ IPAM }: NetworkCreateRequest): string {
  const driver = IPAM?.Driver || "default";
  if (driver !== "default")
    throw new InvalidArgument(`invalid ipam driver "${driver}": this engine has "default"`);
  return driver;
}
