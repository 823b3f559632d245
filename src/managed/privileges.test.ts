import { describe, expect, test } from "bun:test";
import { parsePluginConfig } from "./parse-config.ts";
import { checkPrivileges, privilegesOf } from "./privileges.ts";

const config = (change: object) =>
  parsePluginConfig(JSON.stringify({ Entrypoint: ["/p"], Interface: { Socket: "p.sock" }, ...change }));

const GREEDY = config({
  Network: { Type: "host" },
  IpcHost: true,
  PidHost: true,
  Mounts: [
    { Source: "/a", Destination: "/a" },
    { Destination: "/unset" },
    { Source: "/b", Destination: "/b" },
  ],
  Linux: {
    AllowAllDevices: true,
    Capabilities: ["CAP_A", "CAP_B"],
    Devices: [{ Path: "/dev/fuse" }, { Name: "unset" }],
  },
});

describe("privilegesOf()", () => {
  test("names all that a plugin gets of the host", () => {
    expect(privilegesOf(GREEDY).map(({ Name, Value }) => [Name, ...Value])).toEqual([
      ["network", "host"],
      ["host ipc namespace", "true"],
      ["host pid namespace", "true"],
      ["mount", "/a"],
      ["mount", "/b"],
      ["device", "/dev/fuse"],
      ["allow-all-devices", "true"],
      ["capabilities", "CAP_A", "CAP_B"],
    ]);
  });

  for (const Type of ["", "none", "null", "bridge"])
    test(`does not count a network of its own (${JSON.stringify(Type)})`, () => {
      expect(privilegesOf(config({ Network: { Type } }))).toEqual([]);
    });
});

describe("checkPrivileges()", () => {
  const asked = privilegesOf(GREEDY);

  test("takes the same in any order", () => {
    checkPrivileges(asked, asked.toReversed());
    checkPrivileges(
      asked,
      asked.map((one) => ({ ...one, Value: one.Value.toReversed() })),
    );
    checkPrivileges([], []);
  });

  // CVE-2026-33997: every single one counts, the first and the last as well.
  for (const [at, { Name }] of asked.entries()) {
    test(`misses privilege ${at}, ${Name}`, () => {
      expect(() => checkPrivileges(asked, asked.toSpliced(at, 1))).toThrow("incorrect privileges");
      expect(() => checkPrivileges(asked, asked.toSpliced(at, 1, asked[at ? 0 : 1]!))).toThrow();
      const other = { ...asked[at]!, Value: ["other"] };
      expect(() => checkPrivileges(asked, asked.toSpliced(at, 1, other))).toThrow("incorrect privileges");
    });
    test(`does not take privilege ${at}, ${Name}, of a plugin that does not ask for it`, () => {
      expect(() => checkPrivileges(asked.toSpliced(at, 1), asked)).toThrow("incorrect privileges");
    });
  }

  test("counts how often, and what belongs together", () => {
    expect(() => checkPrivileges(asked, [...asked, asked[3]!])).toThrow();
    const mount = (...Value: string[]) => ({ Name: "mount", Value });
    expect(() => checkPrivileges(asked, [...asked.toSpliced(3, 2), mount("/a", "/b")])).toThrow();
  });
});
