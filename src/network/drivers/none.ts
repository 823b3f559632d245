import type { NetworkDriver } from "./types.ts";

/** A namespace with nothing but loopback; Docker's name for the driver is "null", for its one network "none". */
export const nullDriver: NetworkDriver = {
  name: "null",
  canCreate: false,
  hasAddresses: false,
  hasSandbox: true,
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
