/** Copies from and to engines that know nothing of single parts: they give and take whole archives. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "#base/digest.ts";
import { collectBytes } from "#base/streams.ts";
import { readTar } from "#base/tar-read.ts";
import { writeTar } from "#base/tar-write.ts";
import { Client } from "#client/client.ts";
import { parseEndpoint } from "#client/endpoint.ts";
import { buildImage, jsonBytes, tarOf } from "#registry/_testing/registry.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { copyImage } from "./copy.ts";
import { EngineDestination, openEngineSource } from "./engine-end.ts";
import { directoryFiles, LayoutSource } from "./layout-source.ts";
import { LayoutDestination } from "./layout-writer.ts";

const home = mkdtempSync(join(tmpdir(), "other-engine-"));
const socket = join(home, "engine.sock");
const layer = await tarOf(["a"]);
const config = jsonBytes({
  os: "linux",
  architecture: process.arch === "x64" ? "amd64" : process.arch,
  rootfs: { type: "layers", diff_ids: [sha256(layer)] },
});
const platforms = { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch } as const;

/** What dockerd's classic store saves. */
const saved = await collectBytes(
  writeTar(
    [
      ["0/layer.tar", layer] as const,
      ["config.json", config] as const,
      [
        "manifest.json",
        jsonBytes([{ Config: "config.json", RepoTags: ["app:1"], Layers: ["0/layer.tar"] }]),
      ] as const,
    ].map(([name, body]) => ({
      header: { name, type: "file", mode: 0o644, sizeBytes: body.byteLength },
      body,
    })),
  ),
  1 << 20,
  "archive",
);

let asked: string[] = [];
let loaded: Uint8Array | undefined;
let driverStatus: [string, string][] = [];
const server = Bun.serve({
  unix: socket,
  async fetch(request) {
    const path = new URL(request.url).pathname.replace(/^\/v[\d.]+/, "");
    asked.push(`${request.method} ${path}`);
    if (path === "/_ping") return new Response("OK", { headers: { "Api-Version": "1.41" } });
    if (path === "/images/app:1/json") return Response.json({ Id: sha256(config) });
    if (path === "/images/get") return new Response(saved);
    if (path === "/info") return Response.json({ ServerVersion: "20.10", DriverStatus: driverStatus });
    if (path !== "/images/load") return Response.json({ message: "page not found" }, { status: 404 });
    loaded = await request.bytes();
    return Response.json({ stream: "Loaded image: app:1\n" });
  },
});
afterAll(async () => {
  await server.stop(true);
  rmSync(home, { recursive: true });
});
beforeEach(() => {
  asked = [];
  loaded = undefined;
  driverStatus = [["Backing Filesystem", "extfs"]];
});
const client = () => new Client({ endpoint: parseEndpoint(`unix://${socket}`), userAgent: "test" });
const emit = () => {};

test("an image comes out of another engine as the archive it saves", async () => {
  const directory = mkdtempSync(join(home, "layout-"));
  await using source = await openEngineSource(client(), "app:1");
  const root = await copyImage({
    source,
    destination: new LayoutDestination(directory, {}),
    platforms,
    emit,
  });
  expect(root.mediaType).toBe(MEDIA_TYPE.ociManifest);
  expect(Buffer.from(directoryFiles(directory).bytes(sha256(layer)))).toEqual(Buffer.from(layer));
  expect(asked).toContain("GET /images/get");
});

test("an image that another engine does not have is not there", async () => {
  await expect(openEngineSource(client(), "nosuch:1")).rejects.toThrow("page not found");
});

async function layoutOf(isIndex: boolean): Promise<LayoutSource> {
  const directory = mkdtempSync(join(home, "layout-"));
  const image = await buildImage([["x"]], { platform: platforms });
  const destination = new LayoutDestination(directory, {});
  for (const [digest, { bytes, mediaType }] of image.blobs)
    await destination.putDocument({ descriptor: { digest, mediaType, size: bytes.byteLength }, bytes });
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociIndex,
    manifests: [{ ...image.manifest, platform: platforms }],
  });
  const index = { mediaType: MEDIA_TYPE.ociIndex, digest: sha256(bytes), size: bytes.byteLength };
  await destination.putDocument({ descriptor: index, bytes });
  await destination.finish(isIndex ? index : image.manifest);
  return new LayoutSource(directoryFiles(directory), undefined);
}

test("another engine is given all of an image, with the part that Docker of old reads", async () => {
  await using destination = new EngineDestination(client(), "app:1");
  await copyImage({ source: await layoutOf(false), destination, platforms, emit });
  const names: string[] = [];
  async function* bytes() {
    yield loaded!;
  }
  for await (const { entry } of readTar(bytes())) names.push(entry.name);
  expect(names).toContain("manifest.json");
  expect(names.filter((name) => name.startsWith("blobs/"))).toHaveLength(3);
});

test("an image for several platforms goes whole to an engine that keeps such, and to no other", async () => {
  await using destination = new EngineDestination(client(), "app:1");
  const whole = async () => copyImage({ source: await layoutOf(true), destination, platforms: "all", emit });
  await expect(whole()).rejects.toThrow("the engine (20.10) keeps one platform of an image");
  expect(loaded).toBeUndefined();
  driverStatus = [["driver-type", "io.containerd.snapshotter.v1"]];
  expect((await whole()).mediaType).toBe(MEDIA_TYPE.ociIndex);
  expect(loaded).toBeDefined();
});
