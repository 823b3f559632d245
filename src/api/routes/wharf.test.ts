import { expect, test } from "bun:test";
import { NotFound } from "#base/errors.ts";
import { startApi } from "../_fakes.ts";

const digest = `sha256:${"a".repeat(64)}`;
const blobs = {
  target: (name: string) => ({ mediaType: "x", digest, size: name.length }),
  missing: (digests: readonly string[]) => digests.slice(1),
  async *read(asked: string, offset: number) {
    if (asked !== digest) throw new NotFound(`content ${asked} not found`);
    yield Buffer.from("content").subarray(offset);
  },
};

test("the routes that are wharf's own give single parts of images", async () => {
  await using api = startApi({ images: { blobs } } as never);
  const missing = await api.post("/wharf/content/missing", { digests: ["x", "y"] });
  expect(await missing.json()).toEqual({ missing: ["y"] });
  expect(await (await api.fetch(`/v1.51/wharf/content/${digest}?offset=3`)).text()).toBe("tent");
  expect((await api.fetch("/wharf/content/sha256:b")).status).toBe(404);
  expect(await (await api.fetch("/wharf/images/a/b:1/target")).json()).toEqual({
    mediaType: "x",
    digest,
    size: 5,
  });
});
