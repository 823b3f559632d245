import { expect, test } from "bun:test";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseReference, withDefaultTag } from "#spec/reference.ts";
import { openMemoryState } from "#state/memory.ts";
import { ImageRecords } from "./records.ts";
import { findImage, getImage } from "./resolve.ts";
import type { ImageRecord } from "./types.ts";

const idOf = (prefix: string) => `sha256:${prefix.padEnd(64, "0")}`;
const digest = idOf("d1");
const records = new ImageRecords(openMemoryState());
for (const prefix of ["abcd1", "abcd2", "feed"])
  records.putImage({ id: idOf(prefix), config: { os: "linux", architecture: "arm64" } } as ImageRecord);
for (const [name, prefix] of [
  ["debian:12", "abcd1"],
  ["feed", "abcd2"],
  [`debian@${digest}`, "abcd1"],
] as const) {
  const target = { mediaType: MEDIA_TYPE.ociManifest, digest, size: 1 };
  records.putReference(withDefaultTag(parseReference(name)), { imageId: idOf(prefix), target });
}

test.each([
  ["debian:12", "abcd1"],
  ["docker.io/library/debian:12", "abcd1"],
  [`debian@${digest}`, "abcd1"],
  [`debian:whatever@${digest}`, "abcd1"],
  ["abcd1", "abcd1"],
  ["sha256:abcd2", "abcd2"],
  [idOf("feed"), "feed"],
  [idOf("feed").slice(7), "feed"],
  ["feed", "abcd2"], // a name goes before an id
  ["feed0", "feed"],
])("findImage() finds %s", (text, prefix) => {
  expect(findImage(records, text)?.id).toBe(idOf(prefix));
});

test.each(["abcd", "debian", "debian:13", "nosuch", idOf("abcd"), "sha256:dead"])(
  "findImage() finds nothing for %s",
  (text) => {
    expect(findImage(records, text)).toBeUndefined();
  },
);

test("getImage() says which platform the image does not have", () => {
  expect(getImage(records, "debian:12", { os: "linux", architecture: "arm64" }).id).toBe(idOf("abcd1"));
  expect(() => getImage(records, "debian:12", { os: "linux", architecture: "amd64" })).toThrow(
    "image with reference debian:12 was found but does not provide the specified platform (linux/amd64)",
  );
});
