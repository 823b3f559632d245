import type { NetworkDriver } from "./types.ts";

/** The container lives in the host's own network namespace. */
export const hostDriver: NetworkDriver = {
  name: "host",
  canCreate: false,
  hasAddresses: false,
  hasSandbox: false,
  check() {},
  hostLink: () => undefined,
  hostBinding: () => undefined,
  publishing: () => "none",
  interfacePrefix: () => "eth",
  planNetwork: () => [],
  planEndpoint: () => [],
  rules: () => [],
  endpointRules: () => [],
};
