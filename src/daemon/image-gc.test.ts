import { describe, expect, test } from "bun:test";
import { silentLog } from "#base/log.ts";
import { type ImageGcDeps, imageGcConfig, keepCollecting, runImageGc } from "./image-gc.ts";

const CONFIG = { highThreshold: 90, lowThreshold: 80, minimumAgeMs: 0 };

/** Images "a" (used longest ago), "b", "c" of 100 bytes each on a disk of 1000. */
function lab(
  options: { used?: number; config?: ImageGcDeps["config"]; pinned?: string; busy?: string } = {},
) {
  const ids = new Set(["a", "b", "c"]);
  const calls: string[] = [];
  const deps: ImageGcDeps = {
    images: {
      list: async () =>
        [...ids].map((id) => ({
          id,
          repoTags: [`${id}:1`],
          repoDigests: [],
          layers: [],
          manifest: { digest: `m${id}` },
        })),
      targetsOf: () => [],
      retention: {
        noteUse: (id: string) => void calls.push(`use ${id}`),
        lastUsedMs: ({ id }: { id: string }) => id.charCodeAt(0),
        isPinned: (id: string) => id === options.pinned,
        forgetAllBut: () => {},
      },
      evict: (id: string) => {
        calls.push(`evict ${id}`);
        return ids.delete(id);
      },
      planGarbage: () => ({
        blobs: [],
        layers: [],
        ingests: [{ key: "x", sizeBytes: 7 }],
        reclaimedBytes: 7,
      }),
      collectGarbage: async () => {
        calls.push("collect");
        return { blobs: [], layers: [], reclaimedBytes: 7 };
      },
    } as never,
    containers: { imageUsers: { countFor: (id: string) => (id === options.busy ? 1 : 0) } } as never,
    volumes: {} as never,
    storage: {
      snapshotter: { layer: () => undefined },
      usage: async () => ({ layers: new Map(), blobs: new Map([...ids].map((id) => [id, 100])) }),
    } as never,
    dataRoot: "/data",
    config: options.config ?? (() => CONFIG),
    clock: { now: () => 1000, sleep: async () => {} },
    log: silentLog,
    diskSpace: () => ({ usedBytes: options.used ?? 950, capacityBytes: 1000 }),
  };
  return { deps, calls };
}

describe("runImageGc()", () => {
  test("evicts least recently used images down to the low threshold", async () => {
    const { deps, calls } = lab();
    const report = await runImageGc(deps, { dryRun: false });
    expect(calls).toEqual(["evict a", "evict b", "collect"]);
    expect(report).toEqual({
      DryRun: false,
      FileSystem: { Path: "/data", UsedPercent: 95, HighThreshold: 90, LowThreshold: 80 },
      Garbage: { Blobs: [], Layers: [], Downloads: ["x"], Size: 7 },
      Evicted: ["a", "b"].map((id) => ({
        Id: id,
        Names: [`${id}:1`],
        LastUsed: new Date(id.charCodeAt(0)).toISOString(),
        Size: 100,
      })),
      Kept: [],
      SpaceReclaimed: 207,
    });
  });

  test("plans without doing it", async () => {
    const { deps, calls } = lab({ pinned: "a", busy: "b" });
    const { Evicted, Kept } = await runImageGc(deps, { dryRun: true });
    expect(calls).toEqual(["use b"]);
    expect(Evicted.map(({ Id }) => Id)).toEqual(["c"]);
    expect(Kept.map(({ Id, Reason }) => `${Id} ${Reason}`)).toEqual(["a pinned", "b used by a container"]);
  });

  test.each([
    { title: "below the high threshold", options: { used: 899 }, request: {}, evicted: 0 },
    { title: "without thresholds", options: { config: () => undefined }, request: {}, evicted: 0 },
    {
      title: "with a threshold of its own",
      options: { config: () => undefined, used: 500 },
      request: { highThreshold: 50, lowThreshold: 45, minimumAgeMs: 0 },
      evicted: 1,
    },
    { title: "with another age", options: {}, request: { minimumAgeMs: 5000 }, evicted: 0 },
  ])("$title evicts $evicted", async ({ options, request, evicted }) => {
    const { Evicted } = await runImageGc(lab(options).deps, { dryRun: true, ...request });
    expect(Evicted).toHaveLength(evicted);
  });
});

test.each([
  { given: {}, config: undefined },
  { given: { highThreshold: 90 }, config: { highThreshold: 90, lowThreshold: 85, minimumAgeMs: 120_000 } },
  {
    given: { highThreshold: 90, lowThreshold: 10, minimumAgeMs: 1 },
    config: { highThreshold: 90, lowThreshold: 10, minimumAgeMs: 1 },
  },
])("imageGcConfig($given) is $config", ({ given, config }) => {
  const nothing = { highThreshold: undefined, lowThreshold: undefined, minimumAgeMs: undefined };
  expect(imageGcConfig({ ...nothing, ...given })).toEqual(config!);
});

test.each([
  { highThreshold: 80, lowThreshold: 80 },
  { highThreshold: 101, lowThreshold: 1 },
  { highThreshold: undefined, lowThreshold: 1 },
])("imageGcConfig($highThreshold, $lowThreshold) is refused", (given) => {
  expect(() => imageGcConfig({ ...given, minimumAgeMs: undefined })).toThrow("image-gc-low-threshold");
});

test("keepCollecting() goes on after a failure, until it is told to end", async () => {
  const { deps, calls } = lab({ used: 0 });
  const end = new AbortController();
  let rounds = 0;
  const sleep = async () => {
    rounds += 1;
    if (rounds === 3) end.abort();
  };
  const planGarbage = deps.images.planGarbage;
  const failing = {
    ...deps.images,
    planGarbage: () => {
      if (rounds === 0) throw new Error("disk trouble");
      return planGarbage();
    },
  };
  await keepCollecting({ ...deps, images: failing, clock: { ...deps.clock, sleep } }, end.signal);
  expect(calls).toEqual(["collect", "collect"]);
});
