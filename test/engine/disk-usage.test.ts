import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { SystemDataUsage } from "#spec/docker/disk-usage.ts";
import { fileNames, loadImage } from "../helpers/layout.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

/** Bytes as `du` counts them, of directories below the data root. */
async function du(...names: string[]): Promise<number> {
  const { machine, dataRoot } = daemon();
  const text = await machine.text([
    "sh",
    "-c",
    'cd "$0" && du -sc --block-size=1 "$@" | tail -1',
    dataRoot,
    ...names,
  ]);
  return Number.parseInt(text, 10);
}

async function usage(query = ""): Promise<SystemDataUsage> {
  return (await daemon().api("GET", `/v1.51/system/df${query}`)).json as SystemDataUsage;
}

function expectWithinOnePercent(found: number, wanted: number): void {
  expect(Math.abs(found - wanted) / wanted).toBeLessThan(0.01);
}

const SHARED = fileNames("shared", 60);

beforeAll(async () => {
  await loadImage(daemon(), "first:1", [SHARED, fileNames("first", 40)]);
  await loadImage(daemon(), "second:1", [SHARED, fileNames("second", 20)]);
  await docker("run", "--name", "writer", "-v", "data:/data", "busybox", "sh", "-c", WRITE);
});

const WRITE =
  "head -c 3000000 /dev/zero >/written; head -c 2000000 /dev/zero >/data/kept; yes line | head -20000";

test("df: images, containers and volumes are what du sees, shared layers counted once", async () => {
  const { LayersSize, Images, Containers, Volumes } = await usage();
  const containers = sum(Containers!.map(({ SizeRw }) => SizeRw ?? 0));
  const volumes = sum(Volumes!.map(({ UsageData }) => UsageData!.Size));
  const { Name: driver } = { Name: await docker("info", "-f", "{{.Driver}}") };
  expectWithinOnePercent(
    LayersSize! + containers + volumes,
    await du(driver, "content", "volumes", "containers"),
  );
  expectWithinOnePercent(volumes, 2_000_000);
  const id = await docker("inspect", "-f", "{{.Id}}", "writer");
  expectWithinOnePercent(containers, 3_000_000 + (await du(`containers/${id}/${id}-json.log`)));
  expectWithinOnePercent(await sharedOnce(Images!), LayersSize!);
});

/** What is unique to images, and what first and second share. */
async function sharedOnce(images: NonNullable<SystemDataUsage["Images"]>): Promise<number> {
  const unique = sum(images.map(({ Size, SharedSize }) => Size - SharedSize));
  const [first, second] = ["first:1", "second:1"].map(
    (name) => images.find(({ RepoTags }) => RepoTags?.includes(name))!.SharedSize,
  );
  expect(first).toBe(second!);
  expect(first).toBeGreaterThan(SHARED.length * 3000);
  return unique + first!;
}

test("df: measured again, a container's new files are there and a layer's are not walked again", async () => {
  const before = await usage();
  await docker("run", "--name", "second-writer", "busybox", "sh", "-c", "head -c 1000000 /dev/zero >/more");
  const after = await usage();
  expect(after.LayersSize).toBe(before.LayersSize!);
  const size = (id: string) => after.Containers!.find(({ Names }) => Names.includes(id))!.SizeRw!;
  expectWithinOnePercent(size("/second-writer"), 1_000_000);
});

test("df: types choose parts, unknown ones are refused, and old versions measure all", async () => {
  const some = await usage("?type=volume&type=container");
  expect(some.Images).toBeNull();
  expect(some.BuildCache).toBeNull();
  expect(some.Volumes).toHaveLength(1);
  const all = (await daemon().api("GET", "/v1.41/system/df?type=volume")).json as SystemDataUsage;
  expect(all.Images!.length).toBe(3);
  expect((await daemon().api("GET", "/v1.51/system/df?type=x")).status).toBe(400);
});

test("df: since 1.52 sums, and with verbose the items instead of the lists", async () => {
  const brief = (await daemon().api("GET", "/v1.52/system/df?type=image")).json as Record<string, never>;
  expect(brief.ImageUsage).toMatchObject({ ActiveCount: 1, TotalCount: 3, TotalSize: brief.LayersSize });
  expect(brief.ContainerUsage).toBeUndefined();
  const { ImageUsage, ...rest } = (await daemon().api("GET", "/v1.52/system/df?type=image&verbose=1"))
    .json as Record<string, { Items: unknown[]; Reclaimable: number; TotalSize: number }>;
  expect(rest).toEqual({});
  expect(ImageUsage!.Items).toHaveLength(3);
  await docker("rmi", "first:1", "second:1");
  const left = (await usage()).LayersSize!;
  expectWithinOnePercent(ImageUsage!.TotalSize - ImageUsage!.Reclaimable, left);
});

test("df: docker and wharf show the same sizes", async () => {
  const format = "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}";
  expect(await daemon().wharfText("system", "df", "--format", format)).toBe(
    await docker("system", "df", "--format", format),
  );
  const containers = (text: string) => text.split("\n").filter((line) => /writer|busybox/.test(line));
  const [ours, theirs] = [await daemon().wharfText("system", "df", "-v"), await docker("system", "df", "-v")];
  const words = (text: string) =>
    containers(text).map((line) => line.split(/\s{2,}/).filter((word) => !/ago/.test(word)));
  expect(words(ours)).toEqual(words(theirs));
  await docker("rm", "-v", "writer", "second-writer");
  await docker("volume", "rm", "data");
});

test("nothing is left of what was removed", async () => {
  const name = join(daemon().dataRoot, await docker("info", "-f", "{{.Driver}}"));
  await docker("rmi", "busybox");
  const { LayersSize } = await usage();
  expect(LayersSize).toBe(0);
  const { machine } = daemon();
  const left = await machine.text([
    "sh",
    "-c",
    'while find "$0" -type f | grep -q .; do sleep 0.05; done',
    name,
  ]);
  expect(left).toBe("");
});

testNothingIsLeft(daemon);
