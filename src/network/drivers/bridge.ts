import { planBridge } from "../plan/bridge.ts";
import { planEndpoint } from "../plan/endpoint.ts";
import { endpointElements, networkElements } from "../plan/firewall.ts";
import { bridgeSettings, checkBridgeOptions } from "../plan/options.ts";
import type { NetworkDriver } from "./types.ts";

/** Containers on a switch of their own, with the host as their router. */
export const bridgeDriver: NetworkDriver = {
  name: "bridge",
  canCreate: true,
  hasAddresses: true,
  hasSandbox: true,
  check: checkBridgeOptions,
  hostLink: (network) => bridgeSettings(network).bridge,
  hostBinding: (network) => bridgeSettings(network).hostBinding,
  isWithoutGateway: (network, family) => bridgeSettings(network).gatewayModes[family] === "isolated",
  publishing: (network, family) =>
    bridgeSettings(network).gatewayModes[family] === "routed" ? "exposed" : "translated",
  interfacePrefix: (network) => bridgeSettings(network).interfacePrefix,
  planNetwork: (network, { mtu }) => planBridge(network, mtu),
  planEndpoint: (network, request) => planEndpoint({ ...request, settings: bridgeSettings(network) }),
  rules: networkElements,
  endpointRules: endpointElements,
};
