import { expect, test } from "bun:test";
import type { ImageSummary } from "#spec/docker/images.ts";
import { imageRows } from "./_image-rows.ts";

const image = (RepoTags: string[], RepoDigests: string[]) =>
  ({ Id: "sha256:1", RepoTags, RepoDigests, Created: 0, Size: 1 }) as unknown as ImageSummary;
const names = (tags: string[], digests: string[], withDigests = false) =>
  imageRows([image(tags, digests)], withDigests).map(
    ({ repository, tag, digest }) => `${repository} ${tag} ${digest}`,
  );

test("imageRows() gives each name a row, and one to an image without names", () => {
  expect(names(["docker.io/library/a:1", "host:5000/b:2"], [])).toEqual([
    "a 1 <none>",
    "host:5000/b 2 <none>",
  ]);
  expect(names([], [])).toEqual(["<none> <none> <none>"]);
  expect(names(["<none>:<none>"], ["<none>@<none>"])).toEqual(["<none> <none> <none>"]);
});

test("imageRows() pairs tags with the digests of the same repository when asked", () => {
  expect(names(["a:1", "b:2"], ["a@sha256:x"], true)).toEqual(["a 1 sha256:x", "b 2 <none>"]);
  expect(names([], ["a@sha256:x"])).toEqual(["a <none> <none>"]);
});
