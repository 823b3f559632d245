import { expect, test } from "bun:test";
import { collectBytes } from "#base/streams.ts";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import { buildImage, jsonBytes, tarOf } from "#registry/_testing/registry.ts";
import type { LayerUnpacker } from "#storage/types.ts";
import { createTestImages, fakeUnpacker, type TestImages, textOf } from "../_testing/store.ts";

const LARGE = 2 << 20;
const image = await buildImage([["a"], ["b"]], { sizeBytes: LARGE });
const layers = await Promise.all([tarOf(["a"], LARGE), tarOf(["b"], LARGE)]);
const config = image.blobs.get(image.config.digest)!.bytes;

const file = (name: string, body: Uint8Array): TarMemberSource => ({
  header: { name, type: "file", mode: 0o644, sizeBytes: body.byteLength },
  body,
});

/** As `docker save` writes it: what belongs together is said at the end. */
function archive(named: readonly string[], ...more: TarMemberSource[]): Promise<Uint8Array> {
  const members = [
    ...layers.map((layer, index) => file(`${index}/layer.tar`, layer)),
    ...more,
    file("config.json", config),
    file("manifest.json", jsonBytes([{ Config: "config.json", RepoTags: ["app:1"], Layers: named }])),
  ];
  return collectBytes(writeTar(members), 1 << 30, "archive");
}

function load(here: TestImages, bytes: Uint8Array): Promise<string[]> {
  async function* pieces() {
    for (let at = 0; at < bytes.byteLength; at += 32_768) yield bytes.subarray(at, at + 32_768);
  }
  return textOf(here.images.load(pieces(), {}));
}

/** Notes which jobs read behind a writer. */
function recording(): LayerUnpacker & { readonly jobs: { growing: boolean }[] } {
  const jobs: { growing: boolean }[] = [];
  return {
    jobs,
    async unpack(request) {
      jobs.push({ growing: request.growing !== undefined });
      return await fakeUnpacker.unpack(request);
    },
  };
}

test("load() unpacks each large layer once, while the archive comes", async () => {
  const unpacker = recording();
  await using here = createTestImages({ unpacker });
  expect(await load(here, await archive(["0/layer.tar", "1/layer.tar"]))).toEqual(["Loaded image: app:1"]);
  expect(unpacker.jobs).toEqual([{ growing: true }, { growing: true }]);
  expect(here.snapshotter.layers().map(({ diffId }) => diffId)).toEqual([...image.diffIds]);
  expect(here.snapshotter.prepared.size).toBe(0);
});

test("load() does not unpack again what is most likely here", async () => {
  const unpacker = recording();
  await using here = createTestImages({ unpacker });
  await load(here, await archive(["0/layer.tar", "1/layer.tar"]));
  await load(here, await archive(["0/layer.tar", "1/layer.tar"]));
  expect(unpacker.jobs).toHaveLength(2);
});

test("load() lets go of large files that are no layers, or of no image", async () => {
  await using here = createTestImages();
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  const bytes = await archive(
    ["0/layer.tar", "1/layer.tar"],
    file("noise.tar", Buffer.concat(Array.from({ length: 30 }, () => noise))),
    file("of-nobody.tar", await tarOf(["c"], LARGE)),
  );
  expect(await load(here, bytes)).toEqual(["Loaded image: app:1"]);
  expect(here.snapshotter.prepared.size).toBe(0);
});

test("load() refuses layers that are others than the configuration says, and leaves nothing", async () => {
  await using here = createTestImages();
  const bytes = await archive(["1/layer.tar", "0/layer.tar"]);
  expect((await load(here, bytes)).join()).toContain("instead of"); // told within the progress that had begun
  expect(here.snapshotter.layers()).toEqual([]);
  expect(here.snapshotter.prepared.size).toBe(0);
  expect(here.content.list()).toEqual([]);
});

test("load() that is cut short within a layer leaves nothing", async () => {
  await using here = createTestImages();
  const bytes = await archive(["0/layer.tar", "1/layer.tar"]);
  await expect(load(here, bytes.subarray(0, LARGE + (1 << 20)))).rejects.toThrow("tar");
  expect(here.snapshotter.prepared.size).toBe(0);
  expect(here.content.list()).toEqual([]);
  expect(here.content.abandonedIngests()).toEqual([]);
});
