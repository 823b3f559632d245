import { NotFound, PermissionDenied } from "#base/errors.ts";
import type { NetworkCreateRequest } from "#spec/docker/networks.ts";
import type { NetworkRecord } from "./types.ts";

/** The driver inspect shows: nothing of such a network is in the kernel. */
export const CONFIG_ONLY_DRIVER = "null";

/**
 * Pure: a request for a network that only carries the configuration of others, or that takes its own from one, with what
 * follows from that.
 * @throws EngineError with Docker's text
 */
export function withConfiguration(
  request: NetworkCreateRequest,
  networks: readonly NetworkRecord[],
): NetworkCreateRequest {
  const from = request.ConfigFrom?.Network ?? "";
  if (request.ConfigOnly) checkConfigOnly(request, from);
  if (from === "") return request;
  checkCarriesNone(request);
  const source = networks.find(({ name, configOnly }) => name === from && configOnly);
  if (!source) throw new NotFound(`configuration network "${from}" does not exist`);
  const { enableIPv4, enableIPv6, ipam, labels, options } = source;
  return {
    ...request,
    EnableIPv4: enableIPv4,
    EnableIPv6: enableIPv6,
    IPAM: { Driver: ipam.driver, Options: ipam.options, Config: [...ipam.config] },
    Labels: labels,
    Options: options,
  };
}

function checkConfigOnly({ Internal, Attachable, Scope, Ingress }: NetworkCreateRequest, from: string): void {
  if (Internal || Attachable || Scope || Ingress)
    throw new PermissionDenied(
      "configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.",
    );
  if (from !== "")
    throw new PermissionDenied("a configuration network cannot depend on another configuration network");
}

function checkCarriesNone({ IPAM, EnableIPv6, Labels, Options }: NetworkCreateRequest): void {
  const isAddressed =
    (IPAM?.Driver || "default") !== "default" || hasAny(IPAM?.Options) || (IPAM?.Config ?? []).length > 0;
  if (isAddressed || EnableIPv6 || hasAny(Labels))
    throw new PermissionDenied(
      "user specified configurations are not supported if the network depends on a configuration network",
    );
  if (hasAny(Options))
    throw new PermissionDenied(
      "network driver options are not supported if the network depends on a configuration network",
    );
}

function hasAny(values: Readonly<Record<string, string>> | null | undefined): boolean {
  return Object.keys(values ?? {}).length > 0;
}

/** @throws PermissionDenied for a network whose configuration others have */
export function checkConfigIsFree(network: NetworkRecord, networks: readonly NetworkRecord[]): void {
  if (!network.configOnly) return;
  const user = networks.find(({ configFrom }) => configFrom === network.name);
  if (user)
    throw new PermissionDenied(
      `error while removing network: configuration network "${network.name}" is in use`,
      { hint: `network ${user.name} has its configuration from it` },
    );
}

/** @throws PermissionDenied for a network that nobody can be in */
export function checkHasPlaces({ configOnly }: NetworkRecord): void {
  if (configOnly) throw new PermissionDenied("cannot create endpoint on configuration-only network");
}
