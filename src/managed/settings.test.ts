import { describe, expect, test } from "bun:test";
import { parsePluginConfig } from "./parse-config.ts";
import { carriedSettings, changeSettings, initialSettings } from "./settings.ts";

const BASE = {
  Entrypoint: ["/p"],
  Interface: { Socket: "p.sock" },
  Env: [
    { Name: "DEBUG", Value: "0", Settable: ["value"] },
    { Name: "EMPTY", Settable: ["value"] },
    { Name: "FIXED", Value: "1" },
  ],
  Args: { Name: "args", Value: ["-x"], Settable: ["value"] },
  Mounts: [
    { Name: "m", Source: "/tmp", Destination: "/m", Settable: ["source", "destination"] },
    { Name: "none", Destination: "/n", Settable: ["source"] },
  ],
  Linux: { Devices: [{ Name: "fuse", Path: "/dev/fuse", Settable: ["path"] }] },
};
const config = parsePluginConfig(JSON.stringify(BASE));
const set = (...changes: string[]) => changeSettings(config, initialSettings(config), changes);

describe("changeSettings()", () => {
  test("sets variables, sources, devices and arguments", () => {
    const { Env, Mounts, Devices, Args } = set(
      "DEBUG=1=2",
      "EMPTY=x",
      "m.source=/var",
      "fuse=/dev/null",
      "args=-y -z",
    );
    expect(Env).toEqual(["DEBUG=1=2", "FIXED=1", "EMPTY=x"]);
    expect(Mounts.map(({ Source }) => Source)).toEqual(["/var", null]);
    expect(Devices.map(({ Path }) => Path)).toEqual(["/dev/null"]);
    expect(Args).toEqual(["-y", "-z"]);
    expect(config.Mounts![0]!.Source).toBe("/tmp");
  });

  const REFUSED: Readonly<Record<string, string>> = {
    "FIXED=2": '"FIXED" is not settable',
    "FIXED.value=2": '"FIXED.value" is not settable',
    "DEBUG.name=2": '"DEBUG.name" is not settable',
    "NOPE=1": 'setting "NOPE" not found in the plugin configuration',
    "m.destination=/x": '"m.destination" is not settable',
    "m=/x": "multiple fields are settable, one must be specified",
    "none=/x": "Plugin config has no mount source",
    "=x": "invalid format, must be <key>=<value>",
  };
  for (const [change, text] of Object.entries(REFUSED))
    test(`refuses ${change}`, () => {
      expect(() => set(change)).toThrow(text);
    });

  test("takes a name alone for an empty value", () => {
    expect(set("DEBUG").Env).toContain("DEBUG=");
  });
});

describe("carriedSettings()", () => {
  test("keeps what was set, as far as the new version lets it be", () => {
    const settings = set("DEBUG=7", "EMPTY=x", "m.source=/var", "args=-q", "fuse=/dev/zero");
    const next = parsePluginConfig(
      JSON.stringify({
        ...BASE,
        Env: [
          { Name: "DEBUG", Value: "3", Settable: ["value"] },
          { Name: "EMPTY", Value: "fixed now" },
          { Name: "NEW", Value: "n" },
        ],
        Linux: {},
      }),
    );
    const { Env, Mounts, Devices, Args } = carriedSettings({ config, settings }, next);
    expect(Env).toEqual(["DEBUG=7", "EMPTY=fixed now", "NEW=n"]);
    expect(Mounts[0]!.Source).toBe("/var");
    expect(Devices).toEqual([]);
    expect(Args).toEqual(["-q"]);
  });

  test("gives a plugin nobody has set the new version's values", () => {
    const next = parsePluginConfig(JSON.stringify({ ...BASE, Args: { Name: "args", Value: ["-new"] } }));
    expect(carriedSettings({ config, settings: initialSettings(config) }, next)).toEqual(
      initialSettings(next),
    );
  });
});
