/** Samples of many containers in one answer, and what a sample is of. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const text = (...args: string[]) => daemon().dockerText(...args);
const start = (name: string, ...args: string[]) =>
  text("run", "-d", "--name", name, ...args, "busybox", "sleep", "1000");

interface Stats {
  readonly name: string;
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number }>>;
  readonly pids_stats: { readonly current?: number };
}

const sampled = async (query: string) =>
  (await daemon().api("GET", `/wharf/stats${query}`)).json as readonly Stats[];

test("wharf stats shows what docker's does, in one answer, in the order asked for", async () => {
  for (const name of ["one", "two"]) await start(name);
  await text("create", "--name", "idle", "busybox");
  const once = ["stats", "--no-stream", "--format", "{{.Container}} {{.Name}} {{.PIDs}}"];
  expect(await daemon().wharfText(...once, "two", "idle", "one")).toBe("two two 1\nidle idle 0\none one 1");
  const names = async (query: string) => (await sampled(query)).map(({ name }) => name).sort();
  expect([await names(""), await names("?all=1")]).toEqual([
    ["/one", "/two"],
    ["/idle", "/one", "/two"],
  ]);
  const unknown = await daemon().wharf(...once, "nobody");
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    1,
    expect.stringContaining("No such container: nobody"),
  ]);
  await text("rm", "-f", "one", "two", "idle");
});

test("a container has its own interfaces' counters, those of one it joins, and none of the host's", async () => {
  await start("own");
  await start("joined", "--network", "container:own");
  await start("host", "--network", "host");
  await start("joins-host", "--network", "container:host");
  await start("none", "--network", "none");
  const interfaces = Object.fromEntries(
    (await sampled("")).map(({ name, networks }) => [name, Object.keys(networks ?? {})]),
  );
  expect(interfaces).toEqual({
    ...{ "/own": ["eth0"], "/joined": ["eth0"] },
    ...{ "/host": [], "/joins-host": [], "/none": [] },
  });
  await text("rm", "-f", "own", "joined", "host", "joins-host", "none");
});

test("samples follow a container through a restart, and hold no descriptor of one that is gone", async () => {
  await start("again");
  const pids = async () => (await sampled("?name=again"))[0]!.pids_stats.current;
  expect([await pids(), await pids()]).toEqual([1, 1]);
  await text("restart", "-t", "0", "again");
  expect([await pids(), await pids()]).toEqual([1, 1]);
  const id = await text("inspect", "-f", "{{.Id}}", "again");
  const pid = readFileSync(
    `${daemon().machine.outside(daemon().machine.directory)}/wharf.pid`,
    "utf8",
  ).trim();
  const open = async () =>
    Number(await daemon().machine.text(["sh", "-c", `ls -l /proc/${pid}/fd | grep -c ${id} || true`]));
  expect(await open()).toBeGreaterThan(5);
  await text("rm", "-f", "again");
  expect(await open()).toBe(0);
});

testNothingIsLeft(daemon);
