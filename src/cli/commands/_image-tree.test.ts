import { expect, test } from "bun:test";
import type { ImageManifestSummary, ImageSummary } from "#spec/docker/images.ts";
import { imageTree } from "./_image-tree.ts";

const id = (digit: string) => `sha256:${digit.repeat(64)}`;

function manifest(digit: string, architecture: string, isHere: boolean): ImageManifestSummary {
  const descriptor = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: id(digit), size: 1 };
  return {
    ID: id(digit),
    Descriptor: descriptor,
    Available: isHere,
    Size: { Content: isHere ? 2e6 : 0, Total: isHere ? 6e6 : 0 },
    Kind: "image",
    ImageData: {
      Platform: { os: "linux", architecture },
      Containers: isHere ? ["c"] : [],
      Size: { Unpacked: isHere ? 4e6 : 0 },
    },
  };
}

const image: ImageSummary = {
  Id: id("a"),
  ParentId: "",
  RepoTags: ["app:1", "app:latest"],
  RepoDigests: [],
  Created: 0,
  Size: 4e6,
  SharedSize: -1,
  Labels: null,
  Containers: 1,
  Manifests: [manifest("b", "amd64", true), manifest("c", "arm64", false)],
};

test("imageTree() shows names, and below them the platforms that are here and that are not", () => {
  const lines = imageTree([image], { noTrunc: false })
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd().replace(/ {2,}/g, " | "));
  expect(lines).toEqual([
    "IMAGE | ID | DISK USAGE | CONTENT SIZE | USED",
    "app:1 | aaaaaaaaaaaa | 6MB | 2MB | yes",
    "app:latest",
    "├─ linux/amd64 | bbbbbbbbbbbb | 6MB | 2MB | yes",
    "└─ linux/arm64 | cccccccccccc | – | – | not here",
  ]);
});
