import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { sha256 } from "#base/digest.ts";
import {
  buildImage,
  cutAfter,
  type Fault,
  jsonBytes,
  sendJson,
  startTestRegistry,
  tarOf,
} from "#registry/_testing/registry.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { createTestImages, fakeUnpacker, linesOf, tapped, textOf } from "./_testing/store.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };
const image = await buildImage([["a"], ["b", "c"]]);

test("pull() tells dockerd's lines and makes the image known by tag, digest and id", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  const short = image.layers.map(({ digest }) => digest.slice(7, 19));
  const reference = `${registry.address}/team/app:1`;
  const lines = await textOf(here.images.pull({ reference }));
  expect(lines.slice(0, 3)).toEqual([
    "1: Pulling from team/app",
    `${short[0]}: Pulling fs layer`,
    `${short[1]}: Pulling fs layer`,
  ]);
  for (const id of short) {
    const own = lines.filter((line) => line.startsWith(id)).map((line) => line.slice(14));
    expect(own).toEqual(["Pulling fs layer", "Verifying Checksum", "Download complete", "Pull complete"]);
  }
  expect(lines.slice(-2)).toEqual([
    `Digest: ${image.manifest.digest}`,
    `Status: Downloaded newer image for ${reference}`,
  ]);
  const view = here.images.get(reference);
  expect(view.id).toBe(image.config.digest);
  expect(view.repoTags).toEqual([reference]);
  expect(view.repoDigests).toEqual([`${registry.address}/team/app@${image.manifest.digest}`]);
  expect(here.images.get(view.id.slice(7, 15)).id).toBe(view.id);
  expect(here.images.get(view.repoDigests[0]!).id).toBe(view.id);
  expect(here.leases.held().size).toBe(0);
  expect(here.emitted).toEqual([
    {
      type: "image",
      action: "pull",
      id: reference,
      attributes: { made: "by-test", name: `${registry.address}/team/app` },
    },
  ]);
});

test("pull() of what is here costs one HEAD", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  const reference = `${registry.address}/app:1`;
  await linesOf(here.images.pull({ reference }));
  registry.requests.length = 0;
  expect(await textOf(here.images.pull({ reference }))).toEqual([
    "1: Pulling from app",
    `Digest: ${image.manifest.digest}`,
    `Status: Image is up to date for ${reference}`,
  ]);
  expect(registry.requests).toEqual(["HEAD /v2/app/manifests/1"]);
});

test("pull() fetches what is new and says what was there", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const next = await buildImage([["a"], ["new"]]);
  registry.add("1", image);
  const reference = `${registry.address}/app:1`;
  await linesOf(here.images.pull({ reference }));
  registry.add("1", next);
  const lines = await textOf(here.images.pull({ reference }));
  expect(lines).toContain(`${image.layers[0]!.digest.slice(7, 19)}: Already exists`);
  expect(lines.at(-1)).toBe(`Status: Downloaded newer image for ${reference}`);
  expect(here.images.get(reference).id).toBe(next.config.digest);
  const old = here.images.get(image.config.digest);
  expect(old.repoTags).toEqual([]);
  expect(old.repoDigests).toHaveLength(1);
});

test("pull() chooses this host's image of an index, or the platform asked for", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const other = await buildImage([["arm"]], { platform: arm64 });
  const index = registry.addIndex("multi", [
    { image, platform: amd64 },
    { image: other, platform: arm64 },
  ]);
  const reference = `${registry.address}/app:multi`;
  expect(await textOf(here.images.pull({ reference }))).toContain(`Digest: ${index.digest}`);
  expect(here.images.get(reference).id).toBe(image.config.digest);
  await linesOf(here.images.pull({ reference, platform: "linux/arm64" }));
  expect(here.images.get(reference).id).toBe(other.config.digest);
  await linesOf(here.images.pull({ reference })); // the reference points to the other platform now: back to ours
  expect(here.images.get(reference, "linux/amd64").id).toBe(image.config.digest);
  expect(() => here.images.get(reference, "linux/s390x")).toThrow(
    `image with reference ${reference} was found but does not provide the specified platform (linux/s390x)`,
  );
  await expect(linesOf(here.images.pull({ reference, platform: "linux/s390x" }))).resolves.toContainEqual({
    errorDetail: { message: "no matching manifest for linux/s390x in the manifest list entries" },
    error: "no matching manifest for linux/s390x in the manifest list entries",
  });
});

test("pull() refuses a single image that is not for the platform asked for", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  const lines = await textOf(
    here.images.pull({ reference: `${registry.address}/app:1`, platform: "linux/arm64" }),
  );
  expect(lines.at(-1)).toContain("does not provide the specified platform (linux/arm64)");
});

test("pull() by digest and of all tags", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  registry.add("2", await buildImage([["z"]]));
  const name = `${registry.address}/app`;
  await linesOf(here.images.pull({ reference: `${name}@${image.manifest.digest}` }));
  expect(here.images.get(image.config.digest).repoTags).toEqual([]);
  const lines = await textOf(here.images.pull({ reference: name, allTags: true }));
  expect(lines.at(-1)).toBe(`Status: Downloaded newer image for ${name}`);
  expect((await here.images.list({})).flatMap(({ repoTags }) => repoTags).sort()).toEqual([
    `${name}:1`,
    `${name}:2`,
  ]);
});

test("pulls of the same image at once fetch each layer once", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  registry.fault = async () => {
    await Bun.sleep(5);
    return false;
  };
  const pulls = [1, 2, 3].map(() => textOf(here.images.pull({ reference: `${registry.address}/app:1` })));
  for (const lines of await Promise.all(pulls)) expect(lines.at(-1)).toStartWith("Status: ");
  for (const { digest } of image.layers)
    expect(registry.requests.filter((line) => line === `GET /v2/app/blobs/${digest}`)).toHaveLength(1);
});

test("an image whose layers repeat is pulled like any other", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const repeating = await buildImage([["same"], ["between"], ["same"]]);
  registry.add("1", repeating);
  const reference = `${registry.address}/app:1`;
  await linesOf(here.images.pull({ reference }));
  expect(here.snapshotter.layers()).toHaveLength(3);
  expect(here.images.get(reference).layers).toHaveLength(3);
});

test("127 layers unpack side by side and are stacked in order", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const tall = await buildImage(Array.from({ length: 127 }, (_, i) => [`file-${i}`]));
  registry.add("1", tall);
  await linesOf(here.images.pull({ reference: `${registry.address}/app:1` }));
  expect(here.snapshotter.layers()).toHaveLength(127);
});

test("a pull whose reader leaves ends, and the next goes on from its bytes", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const large = await buildImage([["big"]], { sizeBytes: 400_000 });
  registry.add("1", large);
  const [blob] = large.layers;
  const bytes = large.blobs.get(blob!.digest)!.bytes;
  registry.fault = (request, response) => {
    if (!request.url?.endsWith(blob!.digest)) return false;
    response.writeHead(200, { "Content-Length": bytes.byteLength }).write(bytes.subarray(0, 100_000));
    return true;
  };
  const reference = `${registry.address}/app:1`;
  for await (const { status, progressDetail } of here.images.pull({ reference }))
    if (status === "Downloading" && (progressDetail?.current ?? 0) >= 50_000) break;
  expect(here.snapshotter.prepared.size).toBe(0);
  await here.images.collectGarbage();
  expect(here.leases.held()).toContain(blob!.digest);
  expect(here.images.count()).toBe(0);
  const ranges: (string | undefined)[] = [];
  registry.fault = (request) => {
    if (request.url?.endsWith(blob!.digest)) ranges.push(request.headers.range);
    return false;
  };
  await linesOf(here.images.pull({ reference }));
  expect(Number(/\d+/.exec(ranges[0]!)![0])).toBeGreaterThanOrEqual(50_000);
  expect(here.leases.held().size).toBe(0);
});

test("a pull that another shares goes on when the first is cancelled", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  const blocked = Promise.withResolvers<void>();
  registry.fault = async (request) => {
    if (request.url?.includes(image.layers[0]!.digest)) await blocked.promise;
    return false;
  };
  const abort = new AbortController();
  const reference = `${registry.address}/app:1`;
  const first = textOf(here.images.pull({ reference, signal: abort.signal }));
  const seen: string[] = [];
  const second = textOf(tapped(here.images.pull({ reference }), ({ status }) => seen.push(status ?? "")));
  while (!registry.requests.some((line) => line.includes(image.layers[0]!.digest))) await Bun.sleep(1);
  while (seen.filter((status) => status === "Pulling fs layer").length < 2) await Bun.sleep(1);
  await Bun.sleep(10); // from telling to joining it is a step or two
  abort.abort();
  expect((await first).at(-1)).toContain("context canceled");
  blocked.resolve();
  expect((await second).at(-1)).toStartWith("Status: Downloaded");
  expect(registry.requests.filter((line) => line.includes(image.layers[0]!.digest))).toHaveLength(1);
});

test("the first failing layer stops the others and leaves nothing half done", async () => {
  await using registry = await startTestRegistry();
  const unpacker = {
    ...fakeUnpacker,
    unpack: async (request: Parameters<typeof fakeUnpacker.unpack>[0]) => {
      if (request.expectedDiffId === image.diffIds[1]) throw new Error("disk full");
      return await fakeUnpacker.unpack(request);
    },
  };
  await using here = createTestImages({ unpacker });
  registry.add("1", image);
  const lines = await textOf(here.images.pull({ reference: `${registry.address}/app:1` }));
  expect(lines.at(-1)).toBe("disk full");
  expect(here.images.count()).toBe(0);
  expect(here.snapshotter.prepared.size).toBe(0);
});

test("failures before the first line are thrown, so that they can become a status", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  const pull = (reference: string) => linesOf(here.images.pull({ reference }));
  await expect(pull(`${registry.address}/app:none`)).rejects.toMatchObject({
    kind: "notFound",
    message: `manifest for ${registry.address}/app:none not found: manifest unknown: manifest unknown`,
  });
  await expect(pull("No/Such")).rejects.toMatchObject({ kind: "invalidArgument" });
  registry.fault = (_request, response) => {
    sendJson(response, 403, {
      errors: [{ code: "DENIED", message: "requested access to the resource is denied" }],
    });
    return true;
  };
  await expect(pull(`${registry.address}/app:1`)).rejects.toMatchObject({
    kind: "notFound",
    message: expect.stringContaining("repository does not exist or may require 'docker login'"),
  });
});

const lies: { name: string; fault: Fault; message: string }[] = [
  {
    name: "a layer of other bytes",
    fault: (request, response) => {
      if (!request.url?.includes(image.layers[0]!.digest)) return false;
      return response.end(Buffer.alloc(image.layers[0]!.size, "x")) && true;
    },
    message: image.layers[0]!.digest,
  },
  {
    name: "a configuration of other bytes",
    fault: (request, response) => {
      if (!request.url?.includes(image.config.digest)) return false;
      return response.end(Buffer.alloc(image.config.size, "x")) && true;
    },
    message: image.config.digest,
  },
  {
    name: "a layer that never comes whole",
    fault: (request, response) =>
      request.url?.includes(image.layers[0]!.digest) === true &&
      cutAfter(0, new Uint8Array(image.layers[0]!.size))(request, response),
    message: "unexpected EOF",
  },
];

test.each(lies)("pull() refuses $name and keeps no image", async ({ fault, message }) => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  registry.add("1", image);
  registry.fault = fault;
  const lines = await textOf(here.images.pull({ reference: `${registry.address}/app:1` }));
  expect(lines.at(-1)).toContain(message);
  expect(here.images.count()).toBe(0);
});

test("an index within an index is followed, but not for ever", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  let inner = registry.addIndex("deep", [{ image, platform: amd64 }]);
  const wrap = (tag: string) => {
    const bytes = jsonBytes({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociIndex,
      manifests: [{ ...inner, platform: amd64 }],
    });
    const digest = sha256(bytes);
    registry.blobs.set(digest, { bytes, mediaType: MEDIA_TYPE.ociIndex });
    registry.tags.set(tag, digest);
    inner = { mediaType: MEDIA_TYPE.ociIndex, digest, size: bytes.byteLength };
  };
  wrap("deeper");
  expect(
    (await textOf(here.images.pull({ reference: `${registry.address}/app:deeper` }))).at(-1),
  ).toStartWith("Status");
  wrap("three");
  wrap("four");
  const lines = await textOf(here.images.pull({ reference: `${registry.address}/app:four` }));
  expect(lines.at(-1)).toContain("indexes within each other");
});

test("what is no container image is refused with its type", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const config = {
    mediaType: "application/vnd.cncf.helm.config.v1+json",
    digest: image.config.digest,
    size: 2,
  };
  const bytes = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [] });
  const digest = sha256(bytes);
  registry.blobs.set(digest, { bytes, mediaType: MEDIA_TYPE.ociManifest });
  registry.tags.set("chart", digest);
  const lines = await textOf(here.images.pull({ reference: `${registry.address}/app:chart` }));
  expect(lines.at(-1)).toContain(
    "is no image for containers: its configuration is application/vnd.cncf.helm",
  );
});

test("two images of the same files, compressed differently, each get their own blobs", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const layer = image.layers[0]!;
  const recompressed = gzipSync(await tarOf(["a"]), { level: 1 });
  const digest = sha256(recompressed);
  const config = Buffer.from(image.blobs.get(image.config.digest)!.bytes)
    .toString()
    .replace("by-test", "by-other");
  const layers = [{ ...layer, digest, size: recompressed.byteLength }, image.layers[1]!];
  const configBytes = Buffer.from(config);
  const configDescriptor = { ...image.config, digest: sha256(configBytes), size: configBytes.byteLength };
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: configDescriptor,
    layers,
  });
  registry.add("1", image);
  registry.blobs.set(digest, { bytes: recompressed, mediaType: layer.mediaType });
  registry.blobs.set(configDescriptor.digest, { bytes: configBytes, mediaType: MEDIA_TYPE.ociConfig });
  registry.blobs.set(sha256(manifest), { bytes: manifest, mediaType: MEDIA_TYPE.ociManifest });
  registry.tags.set("2", sha256(manifest));
  const pulls = ["1", "2"].map((tag) =>
    linesOf(here.images.pull({ reference: `${registry.address}/app:${tag}` })),
  );
  await Promise.all(pulls);
  for (const { digest } of [layer, ...layers]) expect(here.content.info(digest)).toBeDefined();
  expect(here.snapshotter.layers()).toHaveLength(2);
});

test("a configuration of enormous size is refused before it is fetched", async () => {
  await using registry = await startTestRegistry();
  await using here = createTestImages();
  const config = { ...image.config, size: 100e9 };
  const bytes = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [] });
  registry.blobs.set(sha256(bytes), { bytes, mediaType: MEDIA_TYPE.ociManifest });
  registry.tags.set("huge", sha256(bytes));
  const lines = await textOf(here.images.pull({ reference: `${registry.address}/app:huge` }));
  expect(lines.at(-1)).toContain("at most 8388608 are read");
});
