/** Pushes of images for several platforms. */
import { expect, test } from "bun:test";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sha256 } from "#base/digest.ts";
import { writeTar } from "#base/tar-write.ts";
import { buildImage, jsonBytes, sendJson, startTestRegistry, tarOf } from "#registry/_testing/registry.ts";
import { makeWritable } from "#registry/_testing/writable.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { createTestImages, linesOf, type TestImages } from "./_testing/store.ts";

const amd64 = await buildImage([["a"], ["b"]]);
const arm64 = await buildImage([["a"], ["arm"]], { platform: { os: "linux", architecture: "arm64" } });
const parts = [
  { image: amd64, platform: { os: "linux", architecture: "amd64" } },
  { image: arm64, platform: { os: "linux", architecture: "arm64" } },
];

/** A registry with an index in the repository "from" only, of which an engine has pulled its own platform. */
async function setUp() {
  const here = createTestImages();
  const registry = await startTestRegistry();
  const target = registry.addIndex("1", parts);
  const writable = makeWritable(registry);
  writable.repositories.set("from", new Set(registry.blobs.keys()));
  writable.repositories.set("to", new Set());
  const manifests = new Set<string>();
  writable.fault = (request, response) => answerForTo(manifests, request, response);
  await linesOf(here.images.pull({ reference: `${registry.address}/from:1` }));
  here.images.tag(`${registry.address}/from:1`, `${registry.address}/to`, "1");
  registry.requests.length = 0;
  return {
    here,
    registry,
    writable,
    target,
    manifests,
    push: () => linesOf(here.images.push({ reference: `${registry.address}/to:1` })),
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** The repository "to" has the manifests that were put there. */
function answerForTo(manifests: Set<string>, request: IncomingMessage, response: ServerResponse): boolean {
  const digest = /^\/v2\/to\/manifests\/(.+)$/.exec(request.url!)?.[1];
  if (digest === undefined) return false;
  if (request.method === "PUT") manifests.add(digest);
  if (manifests.has(digest)) return false;
  sendJson(response, 404, {});
  return true;
}

const isInstead = ({ aux }: { aux?: unknown }) =>
  (aux as { originalIndex?: unknown } | undefined)?.originalIndex !== undefined;

test("push() of an index brings what is not here from the repository it was pulled from, by mounts alone", async () => {
  await using it = await setUp();
  const lines = await it.push();
  expect(lines.some(isInstead)).toBe(false);
  expect(it.registry.tags.get("1")).toBe(it.target.digest);
  expect([...it.manifests]).toEqual([arm64.manifest.digest, amd64.manifest.digest, "1"]);
  for (const { digest } of [arm64.config, ...arm64.layers])
    expect(it.writable.repositories.get("to")!.has(digest)).toBe(true);
  const bytes = it.registry.requests.filter((request) => request.startsWith("PATCH"));
  expect(bytes).toHaveLength(1); // the configuration that is here: like others it is sent, not mounted
});

test("push() of an index sends what is here when the registry does not mount, and cancels what it began", async () => {
  await using it = await setUp();
  it.writable.repositories.set("from", new Set());
  const lines = await it.push();
  expect(lines.some(isInstead)).toBe(true);
  expect(it.registry.tags.get("1")).toBe(amd64.manifest.digest);
  expect(it.registry.requests.filter((request) => request.startsWith("DELETE"))).toHaveLength(1);
});

test("push() of an index sends what is here when the other repository is not ours to read", async () => {
  await using it = await setUp();
  const own = it.writable.fault!;
  it.writable.fault = (request, response) => {
    if (!request.url!.startsWith("/v2/from/manifests/")) return own(request, response);
    sendJson(response, 403, { errors: [{ code: "DENIED" }] });
    return true;
  };
  expect((await it.push()).some(isInstead)).toBe(true);
});

/** An OCI archive of two images with layers that were never compressed, as podman and skopeo write it. */
async function loadPlainIndex(here: TestImages, extra: readonly object[] = []): Promise<BuiltPlain[]> {
  const shared = await tarOf(["shared"], 100_000);
  const images = await Promise.all(
    ["amd64", "arm64"].map(async (architecture) =>
      plainImage(architecture, [shared, await tarOf([architecture], 50_000)]),
    ),
  );
  const entries = images.map(({ manifest, architecture }) => ({
    ...manifest,
    platform: { os: "linux", architecture },
  }));
  const index = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociIndex,
    manifests: [...entries, ...extra],
    annotations: { kept: "yes" },
  });
  const root = { mediaType: MEDIA_TYPE.ociIndex, digest: sha256(index), size: index.byteLength };
  const annotations = { "io.containerd.image.name": "docker.io/library/multi:1" };
  const blobs = new Map([[root.digest, index], ...images.flatMap(({ blobs }) => [...blobs])]);
  const file = (name: string, body: Uint8Array) => ({
    header: { name, type: "file" as const, mode: 0o644, sizeBytes: body.byteLength },
    body,
  });
  const archive = writeTar([
    ...[...blobs].map(([digest, bytes]) => file(`blobs/${digest.replace(":", "/")}`, bytes)),
    file("index.json", jsonBytes({ schemaVersion: 2, manifests: [{ ...root, annotations }] })),
  ]);
  await linesOf(here.images.load(archive, {}));
  return images;
}

type BuiltPlain = ReturnType<typeof plainImage>;

function plainImage(architecture: string, tars: readonly Uint8Array[]) {
  const blobs = new Map<string, Uint8Array>();
  const add = (bytes: Uint8Array, mediaType: string): Descriptor => {
    blobs.set(sha256(bytes), bytes);
    return { mediaType, digest: sha256(bytes), size: bytes.byteLength };
  };
  const layers = tars.map((tar) => add(tar, MEDIA_TYPE.ociLayer));
  const rootfs = { type: "layers", diff_ids: tars.map((tar) => sha256(tar)) };
  const config = add(jsonBytes({ os: "linux", architecture, rootfs }), MEDIA_TYPE.ociConfig);
  const manifest = add(
    jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers }),
    MEDIA_TYPE.ociManifest,
  );
  return { architecture, blobs, config, manifest };
}

const documentAt = (registry: { blobs: ReadonlyMap<string, { bytes: Uint8Array }> }, digest: string) =>
  JSON.parse(Buffer.from(registry.blobs.get(digest)!.bytes).toString());

test("push() compresses the plain layers of an index, under an index that says so, and only once", async () => {
  await using here = createTestImages();
  await using registry = await startTestRegistry();
  makeWritable(registry);
  const images = await loadPlainIndex(here);
  here.images.tag("multi:1", `${registry.address}/multi`, "1");
  const push = () => linesOf(here.images.push({ reference: `${registry.address}/multi:1` }));
  expect((await push()).at(-1)?.error).toBeUndefined();
  const digest = registry.tags.get("1")!;
  const index = documentAt(registry, digest);
  expect(index.annotations).toEqual({ kept: "yes" });
  for (const [position, { config, architecture }] of images.entries()) {
    const entry = index.manifests[position];
    const manifest = documentAt(registry, entry.digest);
    expect(entry.platform).toEqual({ os: "linux", architecture });
    expect(manifest.config.digest).toBe(config.digest);
    expect(manifest.layers.map(({ mediaType }: Descriptor) => mediaType)).toEqual([
      MEDIA_TYPE.ociLayerGzip,
      MEDIA_TYPE.ociLayerGzip,
    ]);
  }
  expect(here.images.get("multi:1").repoDigests).toEqual([`${registry.address}/multi@${digest}`]);
  expect((await push()).some(({ status }) => status === "Compressing")).toBe(false);
  expect(registry.tags.get("1")).toBe(digest);
  await here.images.collectGarbage();
  expect(here.content.info(images[0]!.manifest.digest)).toBeUndefined(); // nothing here names the plain ones any more
  await using other = createTestImages({ host: { os: "linux", architecture: "arm64" } });
  await linesOf(other.images.pull({ reference: `${registry.address}/multi:1` }));
  expect(other.images.get(`${registry.address}/multi:1`).id).toBe(images[1]!.config.digest);
});

test("push() of one platform of a plain index leaves the index as it is", async () => {
  await using here = createTestImages();
  await using registry = await startTestRegistry();
  makeWritable(registry);
  const [, arm] = await loadPlainIndex(here);
  here.images.tag("multi:1", `${registry.address}/multi`, "1");
  const platform = { os: "linux", architecture: "arm64" };
  await linesOf(here.images.push({ reference: `${registry.address}/multi:1`, platform }));
  expect(registry.tags.get("1")).toBe(arm!.manifest.digest);
});

test("push() keeps the digests of an index in which something is said about an image", async () => {
  await using here = createTestImages();
  await using registry = await startTestRegistry();
  makeWritable(registry);
  const about = (images: readonly BuiltPlain[]) => ({
    ...images[0]!.manifest,
    platform: { os: "unknown", architecture: "unknown" },
    annotations: { "vnd.docker.reference.digest": images[0]!.manifest.digest },
  });
  const images = await loadPlainIndex(createTestImages());
  await loadPlainIndex(here, [about(images)]);
  here.images.tag("multi:1", `${registry.address}/multi`, "1");
  await linesOf(here.images.push({ reference: `${registry.address}/multi:1` }));
  const index = documentAt(registry, registry.tags.get("1")!);
  expect(index.manifests[0].digest).toBe(images[0]!.manifest.digest);
});
