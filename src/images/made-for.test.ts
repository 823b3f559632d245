/** Images whose configuration is wrong about their platform: what the index says counts, as with Docker. */
import { expect, test } from "bun:test";
import { buildImage, startTestRegistry } from "#registry/_testing/registry.ts";
import { createTestImages, linesOf } from "./_testing/store.ts";
import { asListed, isMadeFor } from "./made-for.ts";

const arm = { os: "linux", architecture: "arm" };
const armV6 = { ...arm, variant: "v6" };

test("an image is pulled and found as what its index lists it as", async () => {
  await using here = createTestImages();
  await using registry = await startTestRegistry();
  const image = await buildImage([["v6"]], { platform: arm }); // without a variant it says v7
  registry.addIndex("multi", [{ image, platform: armV6 }]);
  const reference = `${registry.address}/app:multi`;
  await linesOf(here.images.pull({ reference, platform: "linux/arm/v6" }));
  expect(here.images.get(reference, "linux/arm/v6").id).toBe(image.config.digest);
  expect(here.images.get(reference, "linux/arm").id).toBe(image.config.digest);
  expect(() => here.images.get(reference, "linux/amd64")).toThrow("does not provide");
  const again = await linesOf(here.images.pull({ reference, platform: "linux/arm/v6" }));
  expect(again.at(-1)).toMatchObject({ status: `Status: Image is up to date for ${reference}` });
});

test("an image that came alone is listed by an index that comes later", async () => {
  await using here = createTestImages();
  await using registry = await startTestRegistry();
  const image = await buildImage([["a"]]);
  const odd = { os: "linux", architecture: "s390x" };
  registry.add("alone", image);
  registry.addIndex("multi", [{ image, platform: odd }]);
  await linesOf(here.images.pull({ reference: `${registry.address}/app:alone` }));
  expect(() => here.images.get(`${registry.address}/app:alone`, "linux/s390x")).toThrow("does not provide");
  await linesOf(here.images.pull({ reference: `${registry.address}/app:multi`, platform: "linux/s390x" }));
  expect(here.images.get(`${registry.address}/app:multi`, "linux/s390x").id).toBe(image.config.digest);
});

test("asListed() remembers only what the configuration does not say", () => {
  const image = { config: armV6 as never };
  expect(asListed(image, undefined)).toBe(image);
  expect(asListed(image, armV6)).toBe(image);
  const listed = asListed(image, { os: "linux", architecture: "riscv64" });
  expect(isMadeFor({ os: "linux", architecture: "riscv64" }, listed)).toBe(true);
  expect(isMadeFor({ os: "linux", architecture: "ppc64le" }, listed)).toBe(false);
});
