import { expect, test } from "bun:test";
import type { Descriptor, Index, Platform } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parsePlatform } from "#spec/platform.ts";
import { canRun, selectManifest } from "./select-manifest.ts";

const linux = (architecture: string, variant?: string): Platform => ({ os: "linux", architecture, variant });

function indexOf(...platforms: (Platform | undefined)[]): Index {
  const manifests = platforms.map(
    (platform, i): Descriptor => ({
      mediaType: MEDIA_TYPE.ociManifest,
      digest: `sha256:${i}`,
      size: 1,
      platform,
    }),
  );
  return { schemaVersion: 2, manifests };
}

const multi = indexOf(
  linux("amd64"),
  linux("arm", "v6"),
  linux("arm", "v7"),
  linux("arm64", "v8"),
  linux("386"),
  {
    os: "unknown",
    architecture: "unknown",
  },
);

test.each([
  ["linux/amd64", 0],
  ["linux/arm64", 3],
  ["linux/arm", 2],
  ["linux/arm/v6", 1],
  ["linux/arm/v8", 2],
  ["linux/amd64/v3", 0],
  ["linux/386", 4],
])("selectManifest() chooses the best for %s", (platform, place) => {
  expect(selectManifest(multi, parsePlatform(platform, linux("amd64")))).toBe(multi.manifests[place]!);
});

test("selectManifest() takes what the machine can also run when there is nothing better", () => {
  expect(selectManifest(indexOf(linux("386")), linux("amd64")).digest).toBe("sha256:0");
});

test("selectManifest() takes the only manifest of an index that names no platform", () => {
  expect(selectManifest(indexOf(undefined), linux("s390x")).digest).toBe("sha256:0");
});

test("selectManifest() says what there is none for", () => {
  expect(() => selectManifest(multi, linux("s390x"))).toThrow(
    "no matching manifest for linux/s390x in the manifest list entries",
  );
  expect(() => selectManifest(indexOf(), linux("arm64"))).toThrow("no matching manifest for linux/arm64");
});

test("canRun() knows that newer machines run older programs, not the reverse", () => {
  expect(canRun(linux("amd64"), linux("386"))).toBe(true);
  expect(canRun(linux("386"), linux("amd64"))).toBe(false);
});
