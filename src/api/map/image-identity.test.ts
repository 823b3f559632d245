import { expect, test } from "bun:test";
import type { ImageManifestSummary } from "#spec/docker/images.ts";
import { imageIdentity, withIdentity } from "./image-identity.ts";

const digest = `sha256:${"0".repeat(64)}`;

test("imageIdentity() names each repository once, in full, whatever tags say", () => {
  const repoDigests = [`debian@${digest}`, `localhost:5000/a/b@${digest}`, `debian@sha256:${"1".repeat(64)}`];
  expect(imageIdentity({ repoDigests })).toEqual({
    Pull: [{ Repository: "docker.io/library/debian" }, { Repository: "localhost:5000/a/b" }],
  });
  expect(imageIdentity({ repoDigests: [] })).toBeUndefined();
});

test("withIdentity() says it of images that are here and of nothing else", () => {
  const common = {
    ID: digest,
    Descriptor: { mediaType: "", digest, size: 1 },
    Size: { Content: 1, Total: 1 },
  };
  const data = { Platform: { os: "linux", architecture: "amd64" }, Containers: [], Size: { Unpacked: 0 } };
  const here: ImageManifestSummary = { ...common, Kind: "image", Available: true, ImageData: data };
  const elsewhere: ImageManifestSummary = { ...here, Available: false };
  const attestation: ImageManifestSummary = { ...common, Kind: "attestation", Available: true };
  const identity = { Pull: [{ Repository: "a" }] };
  expect(withIdentity([here, elsewhere, attestation], identity)).toEqual([
    { ...here, ImageData: { ...data, Identity: identity } },
    elsewhere,
    attestation,
  ]);
  expect(withIdentity([here], undefined)).toEqual([here]);
});
