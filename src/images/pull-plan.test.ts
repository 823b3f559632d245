import { expect, test } from "bun:test";
import { sha256 } from "#base/digest.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { chainId } from "#storage/layer/chain-id.ts";
import { planLayers } from "./pull-plan.ts";

const configOf = (diffIds: string[]): ImageConfig => ({
  os: "linux",
  architecture: "amd64",
  rootfs: { type: "layers", diff_ids: diffIds },
});
const layersOf = (count: number, mediaType: string = MEDIA_TYPE.ociLayerGzip) =>
  Array.from({ length: count }, (_, i) => ({ mediaType, digest: sha256(`blob ${i}`), size: 1 }));
const diffIdsOf = (count: number) => Array.from({ length: count }, (_, i) => sha256(`diff ${i}`));

test("planLayers() puts each layer on the chain below it", () => {
  const diffIds = diffIdsOf(3);
  const plan = planLayers({ layers: layersOf(3) }, configOf(diffIds), "x");
  expect(plan.map(({ chainId }) => chainId)).toEqual([1, 2, 3].map((n) => chainId(diffIds.slice(0, n))!));
  expect(plan.map(({ parent }) => parent)).toEqual([undefined, plan[0]!.chainId, plan[1]!.chainId]);
});

test("planLayers() refuses a manifest and a configuration that disagree", () => {
  expect(() => planLayers({ layers: layersOf(2) }, configOf(diffIdsOf(3)), "x")).toThrow(
    "x: the manifest has 2 layers, the image configuration 3",
  );
});

test("planLayers() takes 127 layers and refuses more", () => {
  expect(planLayers({ layers: layersOf(127) }, configOf(diffIdsOf(127)), "x")).toHaveLength(127);
  expect(() => planLayers({ layers: layersOf(128) }, configOf(diffIdsOf(128)), "x")).toThrow(
    "max depth exceeded",
  );
});

test.each([
  ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "must be fetched from elsewhere"],
  ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "unsupported kind"],
])("planLayers() refuses layers of type %s with the reason", (mediaType, reason) => {
  expect(() => planLayers({ layers: layersOf(1, mediaType) }, configOf(diffIdsOf(1)), "x")).toThrow(reason);
});
