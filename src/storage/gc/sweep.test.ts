import { describe, expect, test } from "bun:test";
import { Conflict } from "#base/errors.ts";
import type { LayerInfo } from "../types.ts";
import { createLeases } from "./leases.ts";
import { collectGarbage } from "./sweep.ts";

const layer = (chainId: string, parent?: string): LayerInfo => ({
  chainId,
  parent,
  diffId: chainId,
  sizeBytes: 10,
  createdAtMs: 0,
});

/** A store of blobs "b1", "b2", … of one byte and layers in memory. */
function store(options: { blobs?: string[]; layers?: LayerInfo[]; inUse?: string } = {}) {
  const blobs = new Set(options.blobs);
  const layers = new Map(options.layers?.map((each) => [each.chainId, each]));
  const leases = createLeases();
  const deps = {
    leases,
    content: {
      list: () => [...blobs].map((digest) => ({ digest, sizeBytes: 1 })),
      delete: (digest: string) => blobs.delete(digest),
    },
    snapshotter: {
      layer: (chainId: string) => layers.get(chainId),
      layers: () => [...layers.values()],
      async removeLayer(chainId: string) {
        const hasChild = [...layers.values()].some(({ parent }) => parent === chainId);
        if (hasChild || chainId === options.inUse) throw new Conflict("in use");
        layers.delete(chainId);
      },
    },
  };
  return { deps, leases, left: () => ({ blobs: [...blobs], layers: [...layers.keys()] }) };
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

  test("leaves layers a container stands on", async () => {
    const { deps, left } = store({ layers: CHAIN, inUse: "l3" });
    const { layers } = await collectGarbage(deps, { digests: [] });
    expect(left().layers).toEqual(["l1", "l2", "l3"]);
    expect(layers).toEqual(["m3"]);
  });
});
