import { expect, test } from "bun:test";
import { BRIDGE_OPTION, bridgeSettings } from "./options.ts";

const settings = (options: Record<string, string>) =>
  bridgeSettings({ id: "0123456789abcdef".repeat(4), options });

test("bridgeSettings() of a network without options", () => {
  expect(settings({})).toEqual({
    bridge: "wh-0123456789ab",
    icc: true,
    masquerade: true,
    hostBinding: undefined,
    mtu: undefined,
    interfacePrefix: "eth",
    gatewayModes: { 4: "nat", 6: "nat" },
    inhibitIPv4: false,
    trusted: [],
    hostAddresses: { 4: undefined, 6: undefined },
  });
});

test("bridgeSettings() reads what it knows and leaves the rest alone", () => {
  const options = {
    [BRIDGE_OPTION.name]: "br.1",
    [BRIDGE_OPTION.icc]: "0",
    [BRIDGE_OPTION.masquerade]: "F",
    [BRIDGE_OPTION.hostBinding]: "10.0.0.1",
    [BRIDGE_OPTION.mtu]: "9000",
    [BRIDGE_OPTION.interfacePrefix]: "net",
    [BRIDGE_OPTION.gatewayModeIPv4]: "nat-unprotected",
    [BRIDGE_OPTION.inhibitIPv4]: "1",
    [BRIDGE_OPTION.trusted]: "eth0:wg0",
    [BRIDGE_OPTION.hostIPv4]: "198.51.100.7",
    "com.example.other": "x",
  };
  expect(settings(options)).toEqual({
    bridge: "br.1",
    icc: false,
    masquerade: false,
    hostBinding: "10.0.0.1",
    mtu: 9000,
    interfacePrefix: "net",
    gatewayModes: { 4: "nat-unprotected", 6: "nat" },
    inhibitIPv4: true,
    trusted: ["eth0", "wg0"],
    hostAddresses: { 4: "198.51.100.7", 6: undefined },
  });
});

const REFUSED = [
  [BRIDGE_OPTION.name, "much-too-long-name"],
  [BRIDGE_OPTION.name, "a/b"],
  [BRIDGE_OPTION.name, '"; drop'],
  [BRIDGE_OPTION.icc, "maybe"],
  [BRIDGE_OPTION.hostBinding, "localhost"],
  [BRIDGE_OPTION.mtu, "12"],
  [BRIDGE_OPTION.gatewayModeIPv6, "rooted"],
  [BRIDGE_OPTION.hostIPv4, "fd00::1"],
  [BRIDGE_OPTION.trusted, "a/b"],
] as const;

for (const [key, value] of REFUSED)
  test(`bridgeSettings() refuses ${key}=${value}`, () => {
    expect(() => settings({ [key]: value })).toThrow(`invalid value "${value}" for option ${key}`);
  });

test("bridgeSettings() takes the host off a bridge only where the network is internal", () => {
  const options = { [BRIDGE_OPTION.gatewayModeIPv4]: "isolated" };
  expect(() => settings(options)).toThrow("gateway mode 'isolated' can only be used for an internal network");
  const { gatewayModes } = bridgeSettings({ id: "0".repeat(64), options, internal: true });
  expect(gatewayModes).toEqual({ 4: "isolated", 6: "nat" });
});
