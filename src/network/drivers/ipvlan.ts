import {
  checkParent,
  ipvlanFlag,
  ipvlanMode,
  parentOf,
  planParent,
  planSubInterface,
} from "../plan/sub-interface.ts";
import type { NetworkDriver } from "./types.ts";

/** Containers with addresses of their own on a card of the host, whose hardware address they share. */
export const ipvlanDriver: NetworkDriver = {
  name: "ipvlan",
  canCreate: true,
  hasAddresses: true,
  hasSandbox: true,
  takesSeveralSubnets: true,
  check(network) {
    ipvlanMode(network);
    ipvlanFlag(network);
    checkParent(network);
  },
  hostLink: () => undefined,
  parent: (network) => parentOf("ipvlan", network),
  routesByLink: (network) => ipvlanMode(network) !== "l2",
  hostBinding: () => undefined,
  publishing: () => "none",
  interfacePrefix: () => "eth",
  planNetwork: (network) => planParent("ipvlan", network),
  planEndpoint: (network, request) =>
    planSubInterface(network, request, {
      kind: "ipvlan",
      mode: ipvlanMode(network),
      flag: ipvlanFlag(network),
    }),
  rules: () => [],
  endpointRules: () => [],
};
