import { describe, expect, test } from "bun:test";
import { openMemoryState } from "#state/memory.ts";
import { parsePluginConfig } from "./parse-config.ts";
import { fullName, PluginRecords } from "./records.ts";
import { initialSettings } from "./settings.ts";
import type { PluginRecord } from "./types.ts";

const config = parsePluginConfig('{"entrypoint":["/p"],"interface":{"socket":"p.sock"}}');
const digest = `sha256:${"0".repeat(64)}` as const;

function record(id: string, name: string): PluginRecord {
  return {
    ...{ id: id.padEnd(64, "0"), name, reference: `docker.io/library/${name}`, config },
    settings: initialSettings(config),
    isEnabled: false,
    timeoutSeconds: 0,
    manifest: { mediaType: "m", digest, size: 1 },
    configDigest: digest,
    layers: [],
    rootfs: "rootfs",
  };
}

function recordsOf(...all: readonly PluginRecord[]): PluginRecords {
  const records = new PluginRecords(openMemoryState());
  for (const one of all) records.put(one);
  return records;
}

describe("PluginRecords", () => {
  const records = recordsOf(record("ab1", "one:latest"), record("ab2", "two:v1"), record("cd", "ab:latest"));

  for (const [asked, name] of [
    ["one", "one:latest"],
    ["one:latest", "one:latest"],
    ["docker.io/library/two:v1", "two:v1"],
    ["ab1", "one:latest"],
    ["ab", "ab:latest"],
    ["ab2".padEnd(64, "0"), "two:v1"],
  ] as const)
    test(`get(${JSON.stringify(asked)}) finds ${name}`, () => {
      expect(records.get(asked).name).toBe(name);
    });

  for (const asked of ["two", "one:v2", "ff", "Bad Name", "", `one@${digest}`])
    test(`get(${JSON.stringify(asked)}) finds none`, () => {
      expect(() => records.get(asked)).toThrow();
    });

  test("says that the beginning of several ids is none", () => {
    const twins = recordsOf(record("ab1", "one:latest"), record("ab2", "two:latest"));
    expect(() => twins.get("ab")).toThrow('multiple plugins found for "ab"');
    expect(() => twins.get("abc")).toThrow('plugin "abc" not found');
  });

  test("gives a name once", () => {
    expect(() => records.checkFree("one:latest")).toThrow("plugin one:latest already exists");
    records.checkFree("one:v2");
  });
});

test("fullName() adds the tag, and takes no digest", () => {
  expect(fullName("vieux/sshfs")).toBe("vieux/sshfs:latest");
  expect(() => fullName(`vieux/sshfs@${digest}`)).toThrow("canonical references are not permitted");
});
