import { beforeEach, expect, test } from "bun:test";
import { fileNames, loadImage } from "../helpers/layout.ts";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const wharf = (...args: string[]) => daemon().wharfText(...args);

const SHARED = fileNames("shared", 20);

beforeEach(async () => {
  await loadImage(daemon(), "first:1", [SHARED, fileNames("first", 10)]);
  await loadImage(daemon(), "second:1", [SHARED, fileNames("second", 10)]);
  await docker(
    "run",
    "--name",
    "stopped",
    "-v",
    "/anonymous",
    "-v",
    "named:/named",
    "busybox",
    "sh",
    "-c",
    WRITE,
  );
  await docker("run", "-d", "--name", "running", "busybox", "sleep", "1000");
  await docker("network", "create", "unused");
});

const WRITE = "head -c 500000 /dev/zero >/written; head -c 300000 /dev/zero >/anonymous/kept";

/** Everything there is, as one text. */
async function everything(): Promise<string> {
  const lists = await Promise.all([
    docker("ps", "-aq", "--no-trunc"),
    docker("images", "-aq", "--no-trunc"),
    docker("volume", "ls", "-q"),
    docker("network", "ls", "-q"),
  ]);
  return lists.join("\n");
}

/** Lines of a plan that name something. */
function things(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !/^(Would|Total|Deleted)/.test(line));
}

function bytes(text: string): string {
  return /(?:reclaimed|reclaimed space): (.*)/.exec(text)![1]!;
}

test("a dry run of every removal names what goes and changes nothing; the removal then does that", async () => {
  const before = await everything();
  const id = await docker("ps", "-aqf", "name=stopped", "--no-trunc");
  const [anonymous] = (await docker("volume", "ls", "-q")).split("\n").filter((name) => name !== "named");

  const containers = await wharf("rm", "--dry-run", "-v", "stopped");
  expect(containers).toBe(
    `Would remove containers:\n${id}\n\nWould remove volumes:\n${anonymous}\n\nTotal space that would be reclaimed: 800kB`,
  );
  expect(things(await wharf("container", "prune", "--dry-run"))).toEqual([id]);
  expect(things(await wharf("network", "rm", "--dry-run", "unused"))).toEqual(["unused"]);
  expect(things(await wharf("network", "prune", "--dry-run"))).toEqual(["unused"]);
  expect(things(await wharf("volume", "prune", "--dry-run", "-a"))).toEqual([]);
  const images = await wharf("rmi", "--dry-run", "first:1", "second:1");
  const all = await wharf("image", "prune", "-a", "--dry-run");
  expect(things(all).toSorted()).toEqual(things(images).toSorted());
  expect(bytes(all)).toBe(bytes(images));
  const system = await wharf("system", "prune", "-a", "--volumes", "--dry-run");
  expect(things(system).toSorted()).toEqual([...things(containers), "unused", ...things(images)].toSorted());
  expect(await everything()).toBe(before);

  const done = await docker("system", "prune", "-af", "--volumes");
  expect(bytes(done)).toBe(bytes(system));
  const deleted = things(done).map((line) =>
    line.replace(/^deleted: /, "delete: ").replace(/^untagged: /, "untag: "),
  );
  expect(deleted.toSorted()).toEqual(things(system).toSorted());
  await docker("rm", "-f", "running");
});

test("a dry run of rmi tells image by image what comes free", async () => {
  const [first, both] = [
    await wharf("rmi", "--dry-run", "first:1"),
    await wharf("rmi", "--dry-run", "first:1", "second:1"),
  ];
  expect(things(first)).toHaveLength(3);
  expect(things(both)).toHaveLength(7);
  const removed = await docker("rmi", "first:1", "second:1");
  const asPlanned = removed.replaceAll("Untagged: ", "untag: ").replaceAll("Deleted: ", "delete: ");
  expect(asPlanned.split("\n").toSorted()).toEqual(things(both).toSorted());
  await docker("rm", "-fv", "running", "stopped");
  await docker("volume", "rm", "named");
  await docker("network", "rm", "unused");
});

test("a dry run fails as the removal would", async () => {
  for (const [command, name, text] of [
    [["rm"], "running", "container is running"],
    [["rm"], "missing", "No such container: missing"],
    [["rmi"], "busybox", "unable to remove repository reference"],
    [["volume", "rm"], "named", "volume is in use"],
    [["network", "rm"], "bridge", "is a pre-defined network and cannot be removed"],
  ] as const) {
    const real = await daemon().wharf(...command, name);
    const dry = await daemon().wharf(...command, "--dry-run", name);
    expect(dry.exitCode).toBe(1);
    expect(dry.stderr).toContain(text);
    expect(dry.stderr).toBe(real.stderr);
  }
  await docker("rm", "-fv", "running", "stopped");
});
