import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Digest } from "#base/digest.ts";
import { sha256 } from "#base/digest.ts";
import { type Log, silentLog } from "#base/log.ts";
import { openMemoryState } from "#state/memory.ts";
import { Durability } from "./durability.ts";
import { type LayerRecord, openSnapshotRecords, type SnapshotRecords } from "./records.ts";

describe("Durability", () => {
  let records: SnapshotRecords;
  let warnings: string[];
  let syncs: PromiseWithResolvers<void>[];
  let made: Durability[];
  beforeEach(() => {
    records = openSnapshotRecords(openMemoryState(), "overlay2");
    warnings = [];
    syncs = [];
    made = [];
  });
  afterEach(async () => {
    for (const { resolve } of syncs) resolve();
    for (const each of made) await each.stop();
  });

  const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };

  function durability(
    verify: (layer: LayerRecord) => Promise<boolean | undefined> = async () => undefined,
    lingerMs = 0,
  ) {
    const durability = new Durability({
      records,
      bootId: "now",
      lingerMs,
      log,
      verify,
      sync() {
        syncs.push(Promise.withResolvers());
        return syncs.at(-1)!.promise;
      },
      async remove(chainId) {
        if (records.layers.find("parent", chainId).length > 0) throw new Error("in use");
        records.layers.delete(chainId);
      },
    });
    made.push(durability);
    return durability;
  }

  function put(name: string, unsyncedBoot: string | undefined, parent?: Digest): Digest {
    const chainId = sha256(name);
    records.layers.put({
      chainId,
      diffId: chainId,
      parent,
      sizeBytes: 0,
      createdAtMs: 0,
      directories: [records.layers.count() + 1],
      depth: 1 + (parent ? records.layers.get(parent)!.depth : 0),
      ...(unsyncedBoot ? { unsyncedBoot } : {}),
    });
    return chainId;
  }

  async function untilSyncs(count: number): Promise<void> {
    while (syncs.length < count) await Bun.sleep(1);
  }
  const unsynced = () => records.layers.list().filter((layer) => layer.unsyncedBoot).length;

  test("a layer counts as written when a sync that began after its commit has ended", async () => {
    const layers = durability();
    put("a", "now");
    layers.committed();
    await untilSyncs(1);
    put("b", "now"); // committed while the first sync runs: perhaps not part of it
    layers.committed();
    expect([syncs.length, unsynced()]).toEqual([1, 2]);
    syncs[0]!.resolve();
    await untilSyncs(2);
    expect(unsynced()).toBe(1);
    syncs[1]!.resolve();
    await layers.settled();
    expect([syncs.length, unsynced(), warnings.length]).toEqual([2, 0, 0]);
  });

  test("stop() gives up what has not begun, for the next start to do", async () => {
    const layers = durability(undefined, 60_000);
    put("a", "now");
    layers.committed();
    await layers.stop();
    expect([syncs.length, unsynced()]).toEqual([0, 1]);
  });

  test("a failed sync leaves the mark for the next start", async () => {
    const layers = durability();
    put("a", "now");
    layers.committed();
    await untilSyncs(1);
    syncs[0]!.reject(new Error("EIO"));
    await layers.settled();
    expect([unsynced(), warnings.length]).toEqual([1, 1]);
  });

  test("after another boot what was not written is removed, uppermost first", async () => {
    const kept = put("kept", undefined);
    const lower = put("lower", "before", kept);
    put("upper", "before", lower);
    await durability().recover();
    expect(records.layers.list().map(({ chainId }) => chainId)).toEqual([kept]);
    expect(warnings).toHaveLength(2);
  });

  test("what a whole layer stands on is kept, with a warning", async () => {
    const lower = put("lower", "before");
    put("upper", undefined, lower);
    await durability().recover();
    expect(records.layers.count()).toBe(2);
    expect(warnings).toEqual([expect.stringContaining("may be damaged")]);
  });

  test("what can be verified is, and kept when it is right", async () => {
    const right = put("right", "before");
    put("wrong", "before");
    const layers = durability(async ({ chainId }) => chainId === right);
    await layers.recover();
    await untilSyncs(1);
    syncs[0]!.resolve();
    await layers.settled();
    expect(records.layers.list().map(({ chainId }) => chainId)).toEqual([right]);
    expect(unsynced()).toBe(0);
  });

  test("a restart within the same boot only writes what is left", async () => {
    put("a", "now");
    const layers = durability();
    await layers.recover();
    await untilSyncs(1);
    syncs[0]!.resolve();
    await layers.settled();
    expect([records.layers.count(), unsynced(), warnings.length]).toEqual([1, 0, 0]);
  });
});
