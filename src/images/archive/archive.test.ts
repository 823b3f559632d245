import { expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { sha256 } from "#base/digest.ts";
import { collectBytes } from "#base/streams.ts";
import { readTar } from "#base/tar-read.ts";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import {
  type BuiltImage,
  buildImage,
  jsonBytes,
  startTestRegistry,
  tarOf,
} from "#registry/_testing/registry.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { createTestImages, fakeUnpacker, linesOf, type TestImages, textOf } from "../_testing/store.ts";

const image = await buildImage([["a"], ["b"]]);
const plainLayers = await Promise.all([tarOf(["a"]), tarOf(["b"])]);
const config = image.blobs.get(image.config.digest)!.bytes;
const hex = (digest: string) => digest.slice(7);

const file = (name: string, body: Uint8Array): TarMemberSource => ({
  header: { name, type: "file", mode: 0o644, sizeBytes: body.byteLength },
  body,
});
const link = (name: string, linkName: string): TarMemberSource => ({
  header: { name, type: "symlink", mode: 0o777, linkName },
});
const tar = (...members: TarMemberSource[]) => collectBytes(writeTar(members), 1 << 30, "archive");
const blobFile = (digest: string, body: Uint8Array) => file(`blobs/sha256/${hex(digest)}`, body);

async function* chunks(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

function load(here: TestImages, archive: Uint8Array): Promise<string[]> {
  return textOf(here.images.load(chunks(archive), {}));
}

async function pullInto(here: TestImages, tag = "1"): Promise<string> {
  await using registry = await startTestRegistry();
  registry.add(tag, image);
  await linesOf(here.images.pull({ reference: `${registry.address}/app:${tag}` }));
  return `${registry.address}/app`;
}

function dockerArchive(manifest: unknown, ...more: TarMemberSource[]): Promise<Uint8Array> {
  return tar(
    file(`${hex(image.config.digest)}.json`, config),
    file("1/layer.tar", plainLayers[0]!),
    file("2/layer.tar", plainLayers[1]!),
    ...more,
    file("manifest.json", jsonBytes(manifest)),
  );
}

const dockerItem = {
  Config: `${hex(image.config.digest)}.json`,
  RepoTags: ["app:1", "docker.io/org/app:v2"],
  Layers: ["1/layer.tar", "2/layer.tar"],
};

function ociArchive(built: BuiltImage, annotations: Record<string, string>): Promise<Uint8Array> {
  return tar(
    file("oci-layout", jsonBytes({ imageLayoutVersion: "1.0.0" })),
    file("index.json", jsonBytes({ schemaVersion: 2, manifests: [{ ...built.manifest, annotations }] })),
    ...[...built.blobs].map(([digest, { bytes }]) => blobFile(digest, bytes)),
  );
}

test("load() reads Docker's archives and gives the image its names", async () => {
  await using here = createTestImages();
  expect(await load(here, await dockerArchive([dockerItem]))).toEqual([
    "Loaded image: app:1",
    "Loaded image: org/app:v2",
  ]);
  expect(here.images.get("app:1").id).toBe(image.config.digest);
  expect(here.emitted.map(({ action, id }) => [action, id])).toEqual([["load", image.config.digest]]);
  expect(here.leases.held().size).toBe(0);
});

test("load() reads archives that are compressed, and tells progress unless asked to be quiet", async () => {
  const plain = await dockerArchive([dockerItem]);
  for (const archive of [gzipSync(plain), zstdCompressSync(plain)]) {
    await using here = createTestImages();
    const lines = await linesOf(here.images.load(chunks(archive), {}));
    expect(lines.some(({ status }) => status === "Loading layer")).toBe(true);
    expect(lines.at(-1)).toEqual({ stream: "Loaded image: org/app:v2\n" });
  }
  await using here = createTestImages();
  expect(await linesOf(here.images.load(chunks(plain), { quiet: true }))).toHaveLength(2);
});

test("load() follows links between layers, as Docker and skopeo write them", async () => {
  await using here = createTestImages();
  const archive = await tar(
    file("manifest.json", jsonBytes([{ ...dockerItem, Layers: ["x/layer.tar", "y/layer.tar"] }])),
    file(dockerItem.Config, config),
    link("x/layer.tar", "../real.tar"),
    link("y/layer.tar", "../z/layer.tar"),
    link("z/layer.tar", "../2/layer.tar"),
    file("real.tar", plainLayers[0]!),
    file("2/layer.tar", plainLayers[1]!),
  );
  expect(await load(here, archive)).toContain("Loaded image: app:1");
});

const CONTAINERD = "io.containerd.image.name";
const OCI = "org.opencontainers.image.ref.name";

test.each<{ name: string; annotations: Record<string, string>; line: string }>([
  {
    name: "containerd's name",
    annotations: { [CONTAINERD]: "docker.io/library/app:1" },
    line: "Loaded image: app:1",
  },
  { name: "podman's name", annotations: { [OCI]: "localhost/app:x" }, line: "Loaded image: localhost/app:x" },
  { name: "a name and a tag", annotations: { [OCI]: "keep:oci" }, line: "Loaded image: keep:oci" },
  { name: "a tag only", annotations: { [OCI]: "latest" }, line: `Loaded image ID: ${image.config.digest}` },
  { name: "nothing", annotations: {}, line: `Loaded image ID: ${image.config.digest}` },
])("load() reads OCI layouts that say $name about the name", async ({ annotations, line }) => {
  await using here = createTestImages();
  expect(await load(here, await ociArchive(image, annotations))).toEqual([line]);
  expect(here.images.get(image.config.digest).manifest.digest).toBe(image.manifest.digest);
});

test("load() takes a name from the image that had it, and says so", async () => {
  await using here = createTestImages();
  const second = await buildImage([["other"]]);
  const name = { "io.containerd.image.name": "docker.io/library/app:1" };
  await load(here, await ociArchive(second, name));
  expect(await load(here, await ociArchive(image, name))).toEqual([
    `The image app:1 already exists, renaming the old one with ID ${second.config.digest} to empty string`,
    "Loaded image: app:1",
  ]);
});

const hostile: { name: string; archive: () => Promise<Uint8Array>; message: string }[] = [
  { name: "no archive at all", archive: async () => Buffer.alloc(2000, "x"), message: "no tar archive" },
  { name: "nothing", archive: () => tar(), message: "neither index.json nor manifest.json" },
  {
    name: "no list of images",
    archive: () => tar(file("manifest.json", jsonBytes({}))),
    message: "manifest.json is no list",
  },
  {
    name: "an empty list",
    archive: () => tar(file("manifest.json", jsonBytes([]))),
    message: "there is no image in it",
  },
  {
    name: "a layer that is missing",
    archive: () => dockerArchive([{ ...dockerItem, Layers: ["1/layer.tar", "../../etc/passwd"] }]),
    message: "../../etc/passwd is not in it",
  },
  {
    name: "links in a circle",
    archive: () =>
      dockerArchive([{ ...dockerItem, Layers: ["1/layer.tar", "l"] }], link("l", "m"), link("m", "l")),
    message: "l is not in it",
  },
  {
    name: "a blob that is not what its name says",
    archive: () => tar(blobFile(image.layers[0]!.digest, Buffer.from("other"))),
    message: image.layers[0]!.digest,
  },
  {
    name: "an OCI layout without its blobs",
    archive: () => tar(file("index.json", jsonBytes({ schemaVersion: 2, manifests: [image.manifest] }))),
    message: `${image.manifest.digest} is not in it`,
  },
  {
    name: "layers in a wrong order",
    archive: () => dockerArchive([{ ...dockerItem, Layers: ["2/layer.tar", "1/layer.tar"] }]),
    message: "diffID",
  },
  {
    name: "a name that is none",
    archive: () => dockerArchive([{ ...dockerItem, RepoTags: ["Not A Name"] }]),
    message: "invalid reference format",
  },
  {
    name: "a cut archive",
    archive: async () => (await dockerArchive([dockerItem])).subarray(0, 3000),
    message: "archive ends",
  },
];

test.each(hostile)("load() refuses $name and leaves nothing", async ({ archive, message }) => {
  await using here = createTestImages();
  const told = await load(here, await archive()).catch((error: Error) => [error.message]);
  expect(told.at(-1)).toContain(message);
  expect(here.images.count()).toBe(0);
  expect(here.content.list()).toEqual([]);
  expect(here.content.abandonedIngests()).toEqual([]);
  expect(here.snapshotter.layers()).toEqual([]);
});

test("load() ends when the client goes", async () => {
  await using here = createTestImages();
  const abort = new AbortController();
  async function* slowly(): AsyncGenerator<Uint8Array> {
    const archive = await dockerArchive([dockerItem]);
    yield archive.subarray(0, 2048);
    abort.abort();
    yield archive.subarray(2048);
  }
  await expect(linesOf(here.images.load(slowly(), { signal: abort.signal }))).rejects.toMatchObject({
    kind: "cancelled",
  });
  expect(here.content.abandonedIngests()).toEqual([]);
});

test("save() writes what load() reads: same image, same manifest, same names", async () => {
  await using here = createTestImages();
  const name = await pullInto(here);
  here.images.tag(`${name}:1`, name, "2");
  const archive = await collectBytes(here.images.save([name], {}), 1 << 30, "saved");
  expect(here.emitted.at(-1)).toMatchObject({ action: "save", id: image.config.digest });
  await using there = createTestImages();
  expect(await load(there, archive)).toEqual([`Loaded image: ${name}:1`, `Loaded image: ${name}:2`]);
  const loaded = there.images.get(`${name}:2`);
  expect(loaded.id).toBe(image.config.digest);
  expect(loaded.manifest.digest).toBe(image.manifest.digest);
});

test("save() writes the same bytes each time, and Docker's manifest.json beside the OCI index", async () => {
  await using here = createTestImages();
  const name = await pullInto(here);
  const save = (names: string[]) => collectBytes(here.images.save(names, {}), 1 << 30, "saved");
  const archive = await save([`${name}:1`]);
  expect(sha256(await save([`${name}:1`]))).toBe(sha256(archive));
  const documents = new Map<string, string>();
  for await (const { entry, body } of readTar(chunks(archive)))
    documents.set(entry.name, Buffer.from(await collectBytes(body, 1 << 20, entry.name)).toString());
  expect(JSON.parse(documents.get("manifest.json")!)).toEqual([
    {
      Config: `blobs/sha256/${hex(image.config.digest)}`,
      RepoTags: [`${name}:1`],
      Layers: image.layers.map(({ digest }) => `blobs/sha256/${hex(digest)}`),
    },
  ]);
  expect(JSON.parse(documents.get("index.json")!).manifests).toEqual([
    {
      ...image.manifest,
      annotations: { "io.containerd.image.name": `${name}:1`, "org.opencontainers.image.ref.name": "1" },
    },
  ]);
  expect([...documents.keys()].filter((key) => key.startsWith("blobs/"))).toHaveLength(4);
  const byId = await save([image.config.digest.slice(7, 19), `${name}:1`]);
  expect(sha256(byId)).toBe(sha256(archive));
});

test("save() names what is not here before the first byte", async () => {
  await using here = createTestImages();
  const name = await pullInto(here);
  await expect(
    here.images
      .save([`${name}:1`, "nosuch"], {})
      [Symbol.asyncIterator]()
      .next(),
  ).rejects.toThrow("No such image: nosuch:latest");
  expect(here.leases.held().size).toBe(0);
});

test("importArchive() makes an image of one layer with the changes asked for", async () => {
  await using here = createTestImages();
  const lines = await linesOf(
    here.images.importArchive(chunks(gzipSync(plainLayers[0]!)), {
      repo: "made",
      tag: "1",
      message: "note",
      changes: ["ENV A=b", 'CMD ["x","y"]'],
      platform: "linux/arm64",
    }),
  );
  const made = here.images.get("made:1");
  expect(lines).toEqual([{ status: made.id }]);
  expect(made.config).toMatchObject({
    architecture: "arm64",
    comment: "note",
    config: { Env: ["A=b"], Cmd: ["x", "y"] },
    rootfs: { diff_ids: [image.diffIds[0]] },
    history: [{ comment: "note" }],
  });
  expect(made.layers[0]!.mediaType).toBe(MEDIA_TYPE.ociLayerGzip);
  expect(here.images.history("made:1")).toHaveLength(1);
  expect(here.emitted.slice(-2)).toMatchObject([
    { action: "import", id: made.id },
    { action: "tag", id: made.id },
  ]);
  await using there = createTestImages();
  expect(await load(there, await collectBytes(here.images.save(["made:1"], {}), 1 << 30, "saved"))).toEqual([
    "Loaded image: made:1",
  ]);
});

test("importArchive() checks the request before it reads, and leaves nothing when it fails", async () => {
  await using here = createTestImages({
    unpacker: {
      async unpack(request) {
        await fakeUnpacker.unpack(request);
        throw new Error("hostile entry");
      },
    },
  });
  const stream = () => chunks(plainLayers[0]!);
  await expect(linesOf(here.images.importArchive(stream(), { changes: ["RUN x"] }))).rejects.toThrow(
    "not a valid change",
  );
  await expect(linesOf(here.images.importArchive(stream(), { repo: "Bad" }))).rejects.toThrow(
    "must be lowercase",
  );
  await expect(linesOf(here.images.importArchive(stream(), {}))).rejects.toThrow("hostile entry");
  expect(here.content.list()).toEqual([]);
  expect(here.snapshotter.prepared.size).toBe(0);
});
