import { expect, test } from "bun:test";
import { buildImage, startTestRegistry } from "#registry/_testing/registry.ts";
import { createTestImages } from "./_testing/store.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64", variant: "v8" };
const image = await buildImage([["a"]]);
const signal = new AbortController().signal;

test("inspectDistribution() tells descriptor and platforms of an index, and keeps nothing", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const other = await buildImage([["b"]], { platform: arm64 });
  const descriptor = registry.addIndex("multi", [
    { image, platform: amd64 },
    { image: other, platform: arm64 },
  ]);
  const info = await here.images.inspectDistribution(`${registry.address}/app:multi`, { signal });
  expect(info).toEqual({ descriptor, platforms: [amd64, arm64] });
  expect(here.content.list()).toEqual([]);
});

test("inspectDistribution() reads the platform of a single image from its configuration", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("latest", image);
  const inspect = (name: string) =>
    here.images.inspectDistribution(`${registry.address}/${name}`, { signal });
  const expected = { descriptor: image.manifest, platforms: [amd64] };
  expect(await inspect("app")).toEqual(expected);
  expect(await inspect(`app@${image.manifest.digest}`)).toEqual(expected);
  await expect(inspect("app:none")).rejects.toMatchObject({ kind: "notFound" });
  registry.fault = (request, response) => {
    if (!request.url?.includes("/blobs/")) return false;
    return response.end(Buffer.alloc(image.config.size)) && true;
  };
  await expect(inspect("app")).rejects.toThrow(`configuration ${image.config.digest}: the registry sent`);
});
