import { expect, test } from "bun:test";
import { sha256 } from "#base/digest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { HELPER_COMMAND } from "#storage/_testing/helper.ts";
import { createLayerCompressor } from "#storage/layer/compressor.ts";
import type { ContentStore } from "#storage/types.ts";
import { createTestImages } from "./_testing/store.ts";
import { compressedLayer } from "./push-compress.ts";

/** A collection at the worst moment: the blob is visible, and whoever made it has not been told yet. */
function collectingAtCommit(content: ContentStore, collect: () => Promise<unknown>): ContentStore {
  return {
    ...content,
    async ingest(key) {
      const ingest = await content.ingest(key);
      const commit = ingest.commit.bind(ingest);
      ingest.commit = async (expected) => {
        const info = await commit(expected);
        await collect();
        return info;
      };
      return ingest;
    },
  };
}

test("compressedLayer() keeps what it made from a collection that finds it at once", async () => {
  await using here = createTestImages();
  const digest = await here.content.put("plain ".repeat(1000));
  using lease = here.leases.open();
  lease.add(digest);
  const layer = await compressedLayer(
    {
      content: collectingAtCommit(here.content, () => here.images.collectGarbage()),
      compressor: createLayerCompressor({ helperCommand: HELPER_COMMAND }),
      images: () => [],
    },
    {
      layer: { blob: { mediaType: MEDIA_TYPE.ociLayer, digest, size: 6000 }, diffId: digest },
      compression: "gzip",
      lease,
      onProgress: () => {},
      signal: new AbortController().signal,
    },
  );
  expect(here.content.info(layer.digest)).toEqual({ digest: layer.digest, sizeBytes: layer.size });
});

test("ingest().digest() tells what a commit would publish, and goes on", async () => {
  await using here = createTestImages();
  await using ingest = await here.content.ingest("x");
  await ingest.write(Buffer.from("a"));
  expect(ingest.digest()).toBe(sha256("a"));
  await ingest.write(Buffer.from("b"), Buffer.from(""), Buffer.from("c"));
  expect(ingest.digest()).toBe(sha256("abc"));
  expect((await ingest.commit()).digest).toBe(sha256("abc"));
});
