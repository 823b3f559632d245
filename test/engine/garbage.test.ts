import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { buildImage, writeLayout } from "#registry/_testing/registry.ts";
import { fileNames, loadImage } from "../helpers/layout.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const gc = (...args: string[]) => daemon().wharfText("system", "gc", "--minimum-age", "0s", ...args);

async function storedFiles(...below: string[]): Promise<string[]> {
  const { machine, dataRoot } = daemon();
  const text = await machine.text(["find", join(dataRoot, ...below), "-type", "f"]);
  return text.split("\n").filter(Boolean).toSorted();
}

beforeAll(async () => {
  await docker("create", "--name", "user", "busybox");
});

test("gc: what a load left when the daemon was killed is gone after the next start", async () => {
  const before = await storedFiles("content");
  const { machine, socket } = daemon();
  const directory = join(machine.directory, "cut");
  const image = await buildImage([fileNames("a", 40), fileNames("b", 40)], { sizeBytes: 90_000 });
  await writeLayout(machine.outside(directory), image, "cut:1");
  // The archive stops before its end and its sender waits: some bytes are in the store, the load goes on.
  const send = `(tar -C "$0" -c blobs | head -c 5000000; sleep 1000) | docker -H "unix://$1" load`;
  const sender = Bun.spawn(machine.enter(["sh", "-c", send, directory, socket]), {
    stdout: "ignore",
    stderr: "ignore",
  });
  await until(
    "bytes of the load",
    () => storedFiles("content"),
    (files) => files.length > before.length,
  );
  await daemon().kill();
  sender.kill();
  await daemon().start();
  await until(
    "no leftovers",
    () => storedFiles("content"),
    (files) => files.join() === before.join(),
  );
  await machine.text(["rm", "-r", directory]);
});

test("gc: without a threshold only leftovers go", async () => {
  await loadImage(daemon(), "first:1", [fileNames("first", 30)]);
  await loadImage(daemon(), "second:1", [fileNames("second", 30)]);
  const text = await gc();
  expect(text).toContain("no image is evicted: no threshold is set");
  expect(text).toContain("Total reclaimed space: 0B");
  expect((await docker("images", "-q")).split("\n")).toHaveLength(3);
});

test("gc: a dry run prints the plan, a run follows it; pinned and used images stay", async () => {
  const { machine, dataRoot } = daemon();
  await machine.text(["mount", "-o", "remount,size=128m", machine.directory]);
  await daemon().wharfText("image", "pin", "second:1");
  const thresholds = ["--high-threshold", "1", "--low-threshold", "0"];
  const plan = await gc("--dry-run", ...thresholds);
  expect(plan).toContain(`${dataRoot}: `);
  expect(plan).toContain("images are evicted at 1%, down to 0%");
  expect(plan).toMatch(/Would evict images:\n\w{12} \(first:1\) {2}[\d.]+kB {2}last used .+ ago\n/);
  expect(plan).toMatch(/\(second:1\): pinned\n/);
  expect(plan).toMatch(/\(busybox:latest\): used by a container\n/);
  expect(plan).toMatch(/Total space that would be reclaimed: [\d.]+kB$/);
  expect(await docker("images", "-q", "first")).not.toBe("");
  const done = await gc(...thresholds);
  expect(done.match(/reclaimed.*: (.*)/)![1]).toBe(plan.match(/reclaimed: (.*)/)![1]!);
  expect((await docker("images", "--format", "{{.Repository}}")).split("\n").toSorted()).toEqual([
    "busybox",
    "second",
  ]);
  await daemon().wharfText("image", "unpin", "second:1");
  await gc(...thresholds);
  expect(await docker("images", "--format", "{{.Repository}}")).toBe("busybox");
});

test("gc: thresholds that make no sense are refused, pins of unknown images too", async () => {
  const refused = await daemon().wharf("system", "gc", "--low-threshold", "50");
  expect(refused.stderr).toContain("image-gc-low-threshold needs image-gc-high-threshold");
  expect((await daemon().wharf("image", "pin", "unknown")).stderr).toContain("No such image: unknown");
  await docker("rm", "user");
});

testNothingIsLeft(daemon);
