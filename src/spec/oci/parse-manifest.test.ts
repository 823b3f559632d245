import { expect, test } from "bun:test";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseImageConfig, parseManifest } from "./parse-manifest.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const config = { mediaType: MEDIA_TYPE.ociConfig, digest, size: 2 };
const layer = { mediaType: MEDIA_TYPE.ociLayerGzip, digest, size: 10 };
const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [layer] };
const child = {
  mediaType: MEDIA_TYPE.ociManifest,
  digest,
  size: 5,
  platform: { os: "linux", architecture: "arm" },
};
const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [child] };
const parse = (document: unknown, mediaType = "") =>
  parseManifest(
    typeof document === "string" ? document : JSON.stringify(document),
    mediaType,
    "manifest of x",
  );

test("parseManifest() reads manifests and indexes of OCI and Docker", () => {
  expect(parse(manifest, MEDIA_TYPE.ociManifest)).toMatchObject({
    kind: "manifest",
    manifest: { layers: [layer] },
  });
  expect(parse(index, MEDIA_TYPE.ociIndex)).toMatchObject({ kind: "index", index: { manifests: [child] } });
  const docker = { ...manifest, mediaType: MEDIA_TYPE.dockerManifest };
  expect(parse(docker, `${MEDIA_TYPE.dockerManifest}; charset=utf-8`).kind).toBe("manifest");
  expect(parse({ schemaVersion: 2, manifests: [] }, MEDIA_TYPE.dockerIndex).kind).toBe("index");
  expect(parse({ schemaVersion: 2, manifests: [] }).kind).toBe("index");
  expect(parse({ schemaVersion: 2, config, layers: [] }, "application/json").kind).toBe("manifest");
});

const refused: { name: string; document: unknown; mediaType?: string; message: string }[] = [
  { name: "no JSON", document: "{", message: "manifest of x is no JSON" },
  { name: "a list", document: [], message: "it is no JSON object" },
  { name: "null", document: "null", message: "it is no JSON object" },
  { name: "two readings", document: { ...manifest, manifests: [] }, message: "manifest and index at once" },
  { name: "a wrong label", document: manifest, mediaType: MEDIA_TYPE.ociIndex, message: "the registry says" },
  { name: "schema 1", document: { schemaVersion: 1 }, message: "schema 1 is not supported" },
  { name: "no schema", document: { layers: [], config }, message: "schemaVersion is not 2" },
  { name: "no layers", document: { ...manifest, layers: undefined }, message: "layers is no list" },
  {
    name: "a bad digest",
    document: { ...manifest, layers: [{ ...layer, digest: "sha256:../x" }] },
    message: "layers[0].digest",
  },
  {
    name: "a negative size",
    document: { ...manifest, layers: [{ ...layer, size: -1 }] },
    message: "layers[0].size",
  },
  {
    name: "a size beyond numbers",
    document: { ...manifest, config: { ...config, size: 1e300 } },
    message: "config.size",
  },
  { name: "a layer that is null", document: { ...manifest, layers: [null] }, message: "layers[0].mediaType" },
  {
    name: "a broken platform",
    document: { ...index, manifests: [{ ...child, platform: { os: 1 } }] },
    message: "manifests[0].platform",
  },
  {
    name: "a config as manifest",
    document: { schemaVersion: 2, mediaType: MEDIA_TYPE.ociConfig },
    message: "is no image manifest",
  },
  {
    name: "100,000 layers",
    document: { ...manifest, layers: Array(100_000).fill(0) },
    message: "at most 10000",
  },
];

test.each(refused)("parseManifest() refuses $name", ({ document, mediaType, message }) => {
  expect(() => parse(document, mediaType)).toThrow(message);
});

test("parseImageConfig() takes the nulls that Docker writes", () => {
  const text = '{"config":{"Env":null,"Labels":null,"Cmd":["x"],"Volumes":{"/v":{}}},"history":null}';
  expect(parseImageConfig(text, "x").config?.Cmd).toEqual(["x"]);
});

test("parseImageConfig() keeps what it does not know", () => {
  const text = JSON.stringify({
    os: "linux",
    architecture: "amd64",
    "x.y": 1,
    rootfs: { diff_ids: [digest] },
  });
  expect(parseImageConfig(text, "x")).toEqual({
    os: "linux",
    architecture: "amd64",
    "x.y": 1,
    rootfs: { type: "layers", diff_ids: [digest] },
  } as never);
});

test.each([
  ['{"rootfs":{"diff_ids":["x"]}}', "rootfs.diff_ids"],
  ['{"config":[]}', "config is no object"],
  ['{"history":{}}', "history is no list"],
  ['{"history":[null]}', "history is no list of objects"],
  ['{"config":{"Env":"A=b"}}', "config.Env is malformed"],
  ['{"config":{"Cmd":[1]}}', "config.Cmd is malformed"],
  ['{"config":{"Labels":{"a":1}}}', "config.Labels is malformed"],
  ['{"config":{"User":0}}', "config.User is malformed"],
  ["7", "no JSON object"],
])("parseImageConfig() refuses %s", (text, message) => {
  expect(() => parseImageConfig(text, "configuration")).toThrow(message);
});
