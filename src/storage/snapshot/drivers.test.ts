import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { type Log, silentLog } from "#base/log.ts";
import type { Kernel, Mounts } from "#kernel/types.ts";
import { openMemoryState } from "#state/memory.ts";
import { temporaryDirectory } from "../_testing/archives.ts";
import { chooseDriver } from "./drivers.ts";
import { openSnapshotRecords } from "./records.ts";

/** Mounts that do nothing, or refuse overlayfs. */
function fakeKernel(refuses: boolean): Pick<Kernel, "mounts"> {
  const mounts = {
    overlay() {
      if (refuses) throw new Error("overlay: wrong file system");
    },
    unmount() {},
  } satisfies Partial<Mounts>;
  return { mounts: mounts as unknown as Mounts };
}

describe("chooseDriver()", () => {
  let directory: string;
  let warnings: string[];
  beforeEach(() => {
    directory = temporaryDirectory();
    warnings = [];
  });
  afterEach(() => {
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });

  const choose = (wanted: string | undefined, refuses = false, state = openMemoryState()) => {
    const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };
    return chooseDriver(wanted, { kernel: fakeKernel(refuses), state, directory, log });
  };

  test("prefers overlay2 and takes vfs, with a warning, where overlayfs does not work", () => {
    expect(choose(undefined)).toBe("overlay2");
    expect(warnings).toEqual([]);
    expect(choose(undefined, true)).toBe("vfs");
    expect(warnings).toHaveLength(1);
  });

  test("stays with the driver that has containers here", () => {
    const state = openMemoryState();
    const { writables } = openSnapshotRecords(state, "vfs");
    writables.put({ id: "one", parent: undefined, directory: 1, createdAtMs: 0 });
    expect(choose(undefined, false, state)).toBe("vfs");
    expect(choose("overlay2", false, state)).toBe("overlay2");
  });

  test("takes the one asked for, or says why not", () => {
    expect([choose("overlay"), choose("overlay2"), choose("vfs", true)]).toEqual([
      "overlay2",
      "overlay2",
      "vfs",
    ]);
    expect(() => choose("overlay2", true)).toThrow("does not work in");
    expect(() => choose("zfs")).toThrow('storage driver "zfs" is not supported');
  });

  test("clears what a probe that was killed left", () => {
    mkdirSync(`${directory}/overlay-probe/upper`, { recursive: true });
    expect(choose(undefined)).toBe("overlay2");
  });
});
