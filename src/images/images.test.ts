import { expect, test } from "bun:test";
import { buildImage, startTestRegistry } from "#registry/_testing/registry.ts";
import { createTestImages, linesOf, type TestImages } from "./_testing/store.ts";

const image = await buildImage([["a"], ["b"]]);
const other = await buildImage([["a"], ["c"]]);

/** Images with "app:1" and "app:2", which share their lowest layer. @returns the registry's name for them */
async function withTwoImages(here: TestImages): Promise<string> {
  await using registry = await startTestRegistry();
  registry.add("1", image);
  registry.add("2", other);
  const name = `${registry.address}/app`;
  for (const tag of ["1", "2"]) await linesOf(here.images.pull({ reference: `${name}:${tag}` }));
  here.emitted.length = 0;
  return name;
}

test("tag() adds a name, moves one, and keeps what was pulled as its target", async () => {
  await using here = createTestImages();
  const name = await withTwoImages(here);
  here.images.tag(`${name}:1`, "mine", "v1");
  expect(here.images.get("mine:v1").id).toBe(image.config.digest);
  expect(here.images.get("mine:v1").lastTagTime).not.toBe("");
  here.images.tag(`${name}:2`, "mine:v1", "");
  expect(here.images.get("mine:v1").id).toBe(other.config.digest);
  here.images.tag(other.config.digest.slice(7, 19), "mine", "");
  expect(here.images.get("mine").repoTags).toContain("mine:latest");
  expect(here.emitted.map(({ action, attributes }) => [action, attributes?.name])).toEqual([
    ["tag", "mine:v1"],
    ["tag", "mine:v1"],
    ["tag", "mine:latest"],
  ]);
});

test.each([
  ["mine", "a b", "invalid tag format"],
  [`mine@sha256:${"a".repeat(64)}`, "", "refusing to create a tag with a digest reference"],
  ["sha256", "abc", "refusing to create an ambiguous tag using digest algorithm as name"],
  ["Mine", "", "invalid reference format: repository name (library/Mine) must be lowercase"],
])("tag() refuses %s %s", async (repo, tag, message) => {
  await using here = createTestImages();
  const name = await withTwoImages(here);
  expect(() => here.images.tag(`${name}:1`, repo, tag)).toThrow(message);
});

test("get() names what is not here as Docker does", async () => {
  await using here = createTestImages();
  expect(() => here.images.get("nosuch")).toThrow("No such image: nosuch:latest");
  expect(() => here.images.get("org/x:1")).toThrow("No such image: org/x:1");
  expect(() => here.images.get(`sha256:${"a".repeat(64)}`)).toThrow(
    `No such image: sha256:${"a".repeat(64)}`,
  );
  expect(() => here.images.get("a b")).toThrow("invalid reference format");
  expect(here.images.find("nosuch")).toBeUndefined();
});

test("history() has the layers' sizes", async () => {
  await using here = createTestImages();
  const name = await withTwoImages(here);
  const [top, base] = here.images.history(`${name}:1`);
  expect(top).toMatchObject({
    Id: image.config.digest,
    CreatedBy: "COPY b /",
    Tags: [`${name}:1`],
    Size: 64,
  });
  expect(base).toMatchObject({ Id: "<missing>", CreatedBy: "COPY a /", Tags: null, Size: 64 });
});

test("remove() deletes the layers and blobs nobody else needs, and no others", async () => {
  await using here = createTestImages();
  const name = await withTwoImages(here);
  const removed = await here.images.remove(`${name}:1`, {});
  expect(removed).toEqual([
    { Untagged: `${name}:1` },
    { Untagged: `${name}@${image.manifest.digest}` },
    { Deleted: image.config.digest },
    { Deleted: expect.stringMatching(/^sha256:/) },
  ]);
  expect(here.snapshotter.layers()).toHaveLength(2);
  expect(here.content.info(other.layers[1]!.digest)).toBeDefined();
  expect(here.content.info(image.layers[1]!.digest)).toBeUndefined();
  expect(here.emitted.map(({ action }) => action)).toEqual(["untag", "untag", "delete"]);
  await here.images.remove(other.config.digest, {});
  expect(here.content.list()).toEqual([]);
  expect(here.snapshotter.layers()).toEqual([]);
});

test("remove() keeps what a job holds by a lease", async () => {
  await using here = createTestImages();
  const name = await withTwoImages(here);
  using lease = here.leases.open();
  lease.add(image.layers[1]!.digest);
  await here.images.remove(`${name}:1`, {});
  expect(here.content.info(image.layers[1]!.digest)).toBeDefined();
});

test("remove() refuses what containers use, and leaves the image to a running one", async () => {
  const user = { id: "1".repeat(64), running: true };
  await using here = createTestImages({ users: { usersOf: () => [user], countFor: () => 1 } });
  const name = await withTwoImages(here);
  await expect(here.images.remove(`${name}:1`, {})).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining(`unable to remove repository reference "${name}:1" (must force)`),
  });
  expect(await here.images.remove(`${name}:1`, { force: true })).toHaveLength(2);
  expect(here.images.get(image.config.digest).repoTags).toEqual([]);
});

test("prune() removes untagged images, or all that no container uses", async () => {
  await using here = createTestImages();
  const name = await withTwoImages(here);
  expect(await here.images.prune({})).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
  here.images.tag(`${name}:2`, name, "1");
  const pruned = await here.images.prune({});
  expect(pruned.ImagesDeleted).toContainEqual({ Deleted: image.config.digest });
  expect(pruned.SpaceReclaimed).toBeGreaterThan(0);
  expect((await here.images.prune({ dangling: ["false"], label: ["other"] })).ImagesDeleted).toBeNull();
  await here.images.prune({ dangling: ["false"] });
  expect(here.images.count()).toBe(0);
  expect(here.content.list()).toEqual([]);
  expect(here.emitted.at(-1)).toMatchObject({
    action: "prune",
    attributes: { reclaimed: expect.stringMatching(/^\d+$/) },
  });
});

test("prune() keeps what containers use", async () => {
  const usersOf = (id: string) => (id === image.config.digest ? [{ id: "c", running: false }] : []);
  await using here = createTestImages({ users: { usersOf, countFor: () => 0 } });
  await withTwoImages(here);
  await here.images.prune({ dangling: ["false"] });
  expect((await here.images.list({})).map(({ id }) => id)).toEqual([image.config.digest]);
});

test("prune() also discards what interrupted pulls left, and a new start what nobody can resume", async () => {
  await using here = createTestImages();
  for (const key of [image.layers[0]!.digest, "load abc 1"]) {
    await using ingest = await here.content.ingest(key);
    await ingest.write(Buffer.alloc(100));
  }
  here.restart();
  expect(here.content.abandonedIngests().map(({ key }) => key)).toEqual([image.layers[0]!.digest]);
  expect((await here.images.prune({})).SpaceReclaimed).toBe(100);
  expect(here.content.abandonedIngests()).toEqual([]);
});
