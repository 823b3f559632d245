import { describe, expect, test } from "bun:test";
import { buildImage, startTestRegistry } from "#registry/_testing/registry.ts";
import { createTestImages, linesOf } from "./_testing/store.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };
const forAmd64 = await buildImage([["shared"], ["a"]], { platform: amd64 });
const forArm64 = await buildImage([["shared"], ["b"]], { platform: arm64 });
const plain = await buildImage([["shared"], ["c"]]);

/** "app:multi" for two platforms, both here, and "app:plain". */
async function lab() {
  await using registry = await startTestRegistry();
  registry.addIndex("multi", [
    { image: forArm64, platform: arm64 },
    { image: forAmd64, platform: amd64 },
  ]);
  registry.add("plain", plain);
  const here = createTestImages();
  const name = `${registry.address}/app`;
  for (const platform of ["linux/arm64", "linux/amd64"])
    await linesOf(here.images.pull({ reference: `${name}:multi`, platform }));
  await linesOf(here.images.pull({ reference: `${name}:plain` }));
  return { here, name, [Symbol.asyncDispose]: () => here[Symbol.asyncDispose]() };
}

describe("planRemove() and planPrune() say what the removal then does", () => {
  test.each([
    { tag: "plain", options: {} },
    { tag: "multi", options: { force: true } },
    { tag: "multi", options: { platforms: ["linux/arm64"] } },
  ])("remove $tag with $options", async ({ tag, options }) => {
    await using made = await lab();
    const { images } = made.here;
    const before = images.count();
    const plan = await images.planRemove(`${made.name}:${tag}`, options, {});
    expect(images.count()).toBe(before);
    expect(plan.SpaceReclaimed).toBeGreaterThan(0);
    expect(await images.remove(`${made.name}:${tag}`, options)).toEqual(plan.ImagesDeleted!);
  });

  test("prune of all, with names for several platforms", async () => {
    await using made = await lab();
    const { images } = made.here;
    const plan = await images.planPrune({ dangling: ["false"] }, {});
    expect(await images.prune({ dangling: ["false"] })).toEqual(plan);
    expect(images.count()).toBe(0);
    expect(made.here.content.list()).toEqual([]);
    expect(await images.list({ all: true })).toEqual([]);
  });

  test("one after the other: what two share comes free with the second", async () => {
    await using made = await lab();
    const { images } = made.here;
    await images.remove(`${made.name}:multi`, { force: true });
    images.tag(`${made.name}:plain`, "kept", "1");
    expect((await images.planRemove("kept:1", {}, {})).SpaceReclaimed).toBe(0);
    const last = await images.planRemove(`${made.name}:plain`, {}, { images: ["kept:1"] });
    expect(last.SpaceReclaimed).toBeGreaterThan(0);
  });
});

test("an evicted image leaves its name to the platforms that are left", async () => {
  await using made = await lab();
  const { images } = made.here;
  expect(images.evict(forAmd64.config.digest)).toBe(true);
  expect(images.get(`${made.name}:multi`, "linux/arm64").id).toBe(forArm64.config.digest);
  images.pin(plain.config.digest);
  expect(images.evict(plain.config.digest)).toBe(false);
});
