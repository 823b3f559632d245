import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import type { EngineError } from "#base/errors.ts";
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
    isMountPoint: () => false,
    mount() {
      throw new Error("erofs: no such device");
    },
  } satisfies Partial<Mounts>;
  return { mounts: mounts as unknown as Mounts };
}

function thrownBy(work: () => void): EngineError {
  try {
    work();
  } catch (error) {
    return error as EngineError;
  }
  throw new Error("nothing was thrown");
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
    expect(choose("vfs", false, state)).toBe("vfs");
  });

  test("refuses another driver than the one that has containers here, and says what to do", () => {
    const state = openMemoryState();
    const { writables } = openSnapshotRecords(state, "vfs");
    writables.put({ id: "one", parent: undefined, directory: 1, createdAtMs: 0 });
    const error = thrownBy(() => choose("overlay2", false, state));
    expect(error.message).toEndWith("its images and containers were made with vfs");
    expect(error.hint).toStartWith("start with --storage-driver=vfs");
    writables.delete("one");
    expect(choose("overlay2", false, state)).toBe("overlay2");
  });

  test("refuses to start when the driver that has containers here no longer works", () => {
    const state = openMemoryState();
    const { writables } = openSnapshotRecords(state, "overlay2");
    writables.put({ id: "one", parent: undefined, directory: 1, createdAtMs: 0 });
    expect(() => choose(undefined, true, state)).toThrow("storage driver overlay2 does not work in");
  });

  test("takes the one asked for, or says why not", () => {
    expect([choose("overlay"), choose("overlay2"), choose("vfs", true)]).toEqual([
      "overlay2",
      "overlay2",
      "vfs",
    ]);
    expect(() => choose("overlay2", true)).toThrow("does not work in");
    expect(() => choose("btrfs")).toThrow("storage driver btrfs does not work in");
    expect(() => choose("erofs")).toThrow("storage driver erofs does not work in");
    const error = thrownBy(() => choose("zfs"));
    expect(error.message).toBe('storage driver "zfs" is not supported');
    expect(error.hint).toBe("choose one of overlay2, erofs, btrfs, fuse-overlayfs, vfs");
  });

  test("clears what a probe that was killed left", () => {
    mkdirSync(`${directory}/driver-probe/upper`, { recursive: true });
    expect(choose(undefined)).toBe("overlay2");
  });
});
