import { expect, test } from "bun:test";
import type { HostConfig } from "#spec/docker/containers.ts";
import {
  ALL_CAPABILITIES,
  capabilitySets,
  chooseCapabilities,
  DEFAULT_CAPABILITIES,
} from "./capabilities.ts";

const AVAILABLE = ALL_CAPABILITIES.filter((name) => name !== "CAP_SYS_RESOURCE");
const without = (...names: string[]) => DEFAULT_CAPABILITIES.filter((name) => !names.includes(name));

test.each<{ name: string; hostConfig: HostConfig; expected: string[] }>([
  { name: "nothing asked", hostConfig: {}, expected: [...DEFAULT_CAPABILITIES] },
  { name: "privileged", hostConfig: { Privileged: true, CapDrop: ["ALL"] }, expected: AVAILABLE },
  {
    name: "one added",
    hostConfig: { CapAdd: ["NET_ADMIN"] },
    expected: [...DEFAULT_CAPABILITIES, "CAP_NET_ADMIN"],
  },
  {
    name: "one dropped, any spelling",
    hostConfig: { CapDrop: ["cap_mknod"] },
    expected: without("CAP_MKNOD"),
  },
  {
    name: "one added twice",
    hostConfig: { CapAdd: ["CHOWN", "CAP_CHOWN"] },
    expected: [...DEFAULT_CAPABILITIES],
  },
  { name: "all added", hostConfig: { CapAdd: ["all"] }, expected: AVAILABLE },
  {
    name: "all added but one",
    hostConfig: { CapAdd: ["ALL"], CapDrop: ["SYS_ADMIN"] },
    expected: AVAILABLE.filter((name) => name !== "CAP_SYS_ADMIN"),
  },
  { name: "all dropped but one", hostConfig: { CapAdd: ["KILL"], CapDrop: ["ALL"] }, expected: ["CAP_KILL"] },
  { name: "all dropped", hostConfig: { CapDrop: ["ALL"] }, expected: [] },
])("chooseCapabilities(): $name", ({ hostConfig, expected }) => {
  expect(chooseCapabilities(hostConfig, AVAILABLE)).toEqual(expected);
});

test.each<{ hostConfig: HostConfig; message: string }>([
  { hostConfig: { CapAdd: ["NOSUCH"] }, message: 'invalid CapAdd: unknown capability: "CAP_NOSUCH"' },
  { hostConfig: { CapDrop: ["nosuch"] }, message: 'invalid CapDrop: unknown capability: "CAP_NOSUCH"' },
  {
    hostConfig: { CapAdd: ["SYS_RESOURCE"] },
    message:
      'invalid CapAdd: capability not supported by kernel or not available in the current environment: "CAP_SYS_RESOURCE"',
  },
])("chooseCapabilities() refuses: $message", ({ hostConfig, message }) => {
  expect(() => chooseCapabilities(hostConfig, AVAILABLE)).toThrow(message);
});

test("capabilitySets() gives a user other than root a bound only, and nobody inheritable ones", () => {
  expect(capabilitySets(["CAP_KILL"], 0)).toEqual({
    bounding: ["CAP_KILL"],
    effective: ["CAP_KILL"],
    permitted: ["CAP_KILL"],
  });
  expect(capabilitySets(["CAP_KILL"], 1000)).toEqual({ bounding: ["CAP_KILL"] });
});
