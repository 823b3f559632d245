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
    [BRIDGE_OPTION.gatewayModeIPv4]: "nat",
    "com.example.other": "x",
  };
  expect(settings(options)).toEqual({
    bridge: "br.1",
    icc: false,
    masquerade: false,
    hostBinding: "10.0.0.1",
    mtu: 9000,
    interfacePrefix: "net",
  });
});

const REFUSED = [
  [BRIDGE_OPTION.name, "much-too-long-name"],
  [BRIDGE_OPTION.name, "a/b"],
  [BRIDGE_OPTION.name, '"; drop'],
  [BRIDGE_OPTION.icc, "maybe"],
  [BRIDGE_OPTION.hostBinding, "localhost"],
  [BRIDGE_OPTION.mtu, "12"],
  [BRIDGE_OPTION.gatewayModeIPv6, "routed"],
] as const;

for (const [key, value] of REFUSED)
  test(`bridgeSettings() refuses ${key}=${value}`, () => {
    expect(() => settings({ [key]: value })).toThrow(`invalid value "${value}" for option ${key}`);
  });
