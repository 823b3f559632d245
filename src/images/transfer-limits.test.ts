/** How many blobs go at once, as --max-concurrent-downloads and --max-concurrent-uploads say, and how often one is tried. */
import { expect, test } from "bun:test";
import { buildImage, startTestRegistry } from "#registry/_testing/registry.ts";
import { makeWritable } from "#registry/_testing/writable.ts";
import { createTestImages, linesOf } from "./_testing/store.ts";

const image = await buildImage([["a"], ["b"], ["c"], ["d"], ["e"]]);

/** Counts requests that are in the making at the same time. */
function gauge() {
  let now = 0;
  const seen = { most: 0 };
  return {
    seen,
    async hold(): Promise<void> {
      now += 1;
      seen.most = Math.max(seen.most, now);
      await Bun.sleep(20); // long enough for another to come if it may
      now -= 1;
    },
  };
}

test.each([1, 2])("pull() fetches at most %i layers at once where that is the limit", async (limit) => {
  await using here = createTestImages({ options: { maxConcurrentDownloads: limit } });
  await using registry = await startTestRegistry();
  registry.add("1", image);
  const { seen, hold } = gauge();
  const layers = new Set(image.layers.map(({ digest }) => digest));
  registry.fault = async (request) => {
    if (layers.has(request.url!.split("/").at(-1)!)) await hold();
    return false;
  };
  await linesOf(here.images.pull({ reference: `${registry.address}/app:1` }));
  expect(here.images.count()).toBe(1);
  expect(seen.most).toBeLessThanOrEqual(limit);
});

test.each([1, 2])("push() sends at most %i layers at once where that is the limit", async (limit) => {
  await using here = createTestImages({ options: { maxConcurrentUploads: limit } });
  await using from = await startTestRegistry();
  await using to = await startTestRegistry();
  from.add("1", image);
  await linesOf(here.images.pull({ reference: `${from.address}/app:1` }));
  here.images.tag(`${from.address}/app:1`, `${to.address}/app`, "1");
  const { seen, hold } = gauge();
  makeWritable(to).fault = async (request) => {
    const isLayer = request.method === "PATCH" && Number(request.headers["content-length"]) < 400;
    if (isLayer) await hold();
    return false;
  };
  await linesOf(here.images.push({ reference: `${to.address}/app:1` }));
  expect(to.tags.get("1")).toBe(image.manifest.digest);
  expect(seen.most).toBeLessThanOrEqual(limit);
});

test.each([1, 3])("pull() tries %i times where that is the limit", async (maxDownloadAttempts) => {
  await using here = createTestImages({ options: { maxDownloadAttempts } });
  await using registry = await startTestRegistry();
  registry.add("1", image);
  const { digest, size } = image.layers[0]!;
  let tries = 0;
  registry.fault = (request, response) => {
    if (!request.url!.endsWith(digest)) return false;
    tries += 1;
    response.writeHead(200, { "Content-Length": String(size) }).flushHeaders();
    response.destroy();
    return true;
  };
  const lines = await linesOf(here.images.pull({ reference: `${registry.address}/app:1` }));
  expect(lines.at(-1)?.error).toBeDefined();
  expect(tries).toBe(maxDownloadAttempts);
});
