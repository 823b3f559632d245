import { describe, expect, test } from "bun:test";
import { Conflict } from "#base/errors.ts";
import { openMemoryState } from "#state/memory.ts";
import type { LayerInfo } from "../types.ts";
import { createLeases, openLeaseRecords } from "./leases.ts";
import { collectGarbage, planGarbage } from "./sweep.ts";

const layer = (chainId: string, parent?: string): LayerInfo => ({
  chainId,
  parent,
  diffId: chainId,
  sizeBytes: 10,
  createdAtMs: 0,
});

/** A store of blobs "b1", "b2", … of one byte and layers in memory. */
function store(options: { blobs?: string[]; layers?: LayerInfo[]; inUse?: string; ingests?: string[] } = {}) {
  const blobs = new Set(options.blobs);
  const layers = new Map(options.layers?.map((each) => [each.chainId, each]));
  const leases = createLeases(openLeaseRecords(openMemoryState()), { now: () => 0 });
  const ingests = new Set(options.ingests);
  const deps = {
    leases,
    content: {
      list: () => [...blobs].map((digest) => ({ digest, sizeBytes: 1 })),
      delete: (digest: string) => blobs.delete(digest),
      abandonedIngests: () => [...ingests].map((key) => ({ key, sizeBytes: 100, ageMs: 0 })),
      discardIngest: (key: string) => void ingests.delete(key),
    },
    snapshotter: {
      layer: (chainId: string) => layers.get(chainId),
      layers: () => [...layers.values()],
      writableParents: () => (options.inUse ? [options.inUse] : []),
      async removeLayer(chainId: string) {
        const hasChild = [...layers.values()].some(({ parent }) => parent === chainId);
        if (hasChild || chainId === options.inUse) throw new Conflict("in use");
        layers.delete(chainId);
      },
    },
  };
  return { deps, leases, left: () => ({ blobs: [...blobs], layers: [...layers.keys()] }), ingests };
}

describe("collectGarbage()", () => {
  const CHAIN = [layer("l1"), layer("l2", "l1"), layer("l3", "l2"), layer("m3", "l2")];

  test("keeps what the roots name, the layers below them, and deletes the rest from above", async () => {
    const { deps, left } = store({ blobs: ["b1", "b2"], layers: CHAIN });
    const collected = await collectGarbage(deps, { digests: ["b1", "m3"] });
    expect(left()).toEqual({ blobs: ["b1"], layers: ["l1", "l2", "m3"] });
    expect(collected).toEqual({ blobs: ["b2"], layers: ["l3"], reclaimedBytes: 11 });
  });

  test("follows the references a caller knows of", async () => {
    const { deps, left } = store({ blobs: ["b1", "b2", "b3"], layers: CHAIN });
    const references = (digest: string) => (digest === "b1" ? ["b2", "l2"] : []);
    await collectGarbage(deps, { digests: ["b1"], references });
    expect(left()).toEqual({ blobs: ["b1", "b2"], layers: ["l1", "l2"] });
  });

  test("keeps what a lease holds until the lease ends", async () => {
    const { deps, leases, left } = store({ blobs: ["b1"], layers: CHAIN });
    {
      using lease = leases.open();
      lease.add("b1");
      lease.add("l1");
      await collectGarbage(deps, { digests: [] });
      expect(left()).toEqual({ blobs: ["b1"], layers: ["l1"] });
    }
    await collectGarbage(deps, { digests: [] });
    expect(left()).toEqual({ blobs: [], layers: [] });
  });

  test("discards downloads nobody goes on with, but keeps those a lease holds", async () => {
    const [kept, gone] = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
    const { deps, leases, ingests } = store({ ingests: [kept, `${kept} part 2`, gone, "load 1"] });
    using lease = leases.open();
    lease.add(kept);
    expect(planGarbage(deps, { digests: [] }).reclaimedBytes).toBe(200);
    await collectGarbage(deps, { digests: [] });
    expect([...ingests]).toEqual([kept, `${kept} part 2`]);
  });

  test("leaves layers a container stands on", async () => {
    const { deps, left } = store({ layers: CHAIN, inUse: "l3" });
    const { layers } = await collectGarbage(deps, { digests: [] });
    expect(left().layers).toEqual(["l1", "l2", "l3"]);
    expect(layers).toEqual(["m3"]);
  });
});
