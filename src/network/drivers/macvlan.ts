import { checkParent, macvlanMode, parentOf, planParent, planSubInterface } from "../plan/sub-interface.ts";
import type { NetworkDriver } from "./types.ts";

/** Containers with hardware addresses of their own on a card of the host. */
export const macvlanDriver: NetworkDriver = {
  name: "macvlan",
  canCreate: true,
  hasAddresses: true,
  hasSandbox: true,
  takesSeveralSubnets: true,
  check(network) {
    macvlanMode(network);
    checkParent(network);
  },
  hostLink: () => undefined,
  parent: (network) => parentOf("macvlan", network),
  hostBinding: () => undefined,
  publishing: () => "none",
  interfacePrefix: () => "eth",
  planNetwork: (network) => planParent("macvlan", network),
  planEndpoint: (network, request) =>
    planSubInterface(network, request, {
      kind: "macvlan",
      mode: macvlanMode(network),
      mac: request.endpoint.mac,
    }),
  rules: () => [],
  endpointRules: () => [],
};
