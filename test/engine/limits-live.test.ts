/** Limits of disks and huge pages, live; and groups above containers, whose limits no sum of theirs exceeds. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);

const ROOT = "/sys/fs/cgroup";
const isV2 = existsSync(`${ROOT}/cgroup.controllers`);
const SLEEP = ["busybox", "sleep", "1000"];
const MEBIBYTE = 1 << 20;

/** Block devices of this machine, of which two are enough. */
const DISKS = ["vda", "sda", "nvme0n1", "vdb", "loop0", "loop1"]
  .filter((name) => existsSync(`/sys/class/block/${name}`) && existsSync(`/dev/${name}`))
  .slice(0, 2)
  .map((name) => `/dev/${name}`);

interface Inspected {
  readonly Id: string;
  readonly State: { readonly OOMKilled: boolean; readonly ExitCode: number };
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

async function inspected(name: string): Promise<Inspected> {
  return (await daemon().api("GET", `/containers/${name}/json`)).json as Inspected;
}

/** A file of a group, by its v1 name ("blkio/blkio.weight") or its v2 name. */
async function read(group: string, v1: string, v2: string): Promise<string> {
  const [controller, file] = v1.split("/") as [string, string];
  const path = isV2 ? `${ROOT}${group}/${v2}` : `${ROOT}/${controller}${group}/${file}`;
  return (await daemon().machine.text(["cat", path])).trim();
}

const groupOf = async (name: string) => `${daemon().cgroupParent}/${(await inspected(name)).Id}`;

async function update(name: string, body: unknown): Promise<void> {
  const answer = await daemon().api("POST", `/containers/${name}/update`, body);
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("Warnings")]);
}

const rates = (rate: number, disks = DISKS) => disks.map((Path) => ({ Path, Rate: rate }));

/** The rate that each disk's line of a file tells, by "major:minor". */
function ratesIn(file: string, key: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of file.split("\n")) {
    const [device = "", ...values] = line.split(" ");
    const value = isV2 ? values.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1) : values[0];
    if (value !== undefined && value !== "max" && value !== "") found[device] = Number(value);
  }
  return found;
}

const numbersOf = (disk: string) =>
  readFileSync(`/sys/class/block/${disk.slice("/dev/".length)}/dev`, "utf8").trim();

const DISK_LIMITS = [
  { field: "BlkioDeviceReadBps", file: "read_bps", key: "rbps" },
  { field: "BlkioDeviceWriteBps", file: "write_bps", key: "wbps" },
  { field: "BlkioDeviceReadIOps", file: "read_iops", key: "riops" },
  { field: "BlkioDeviceWriteIOps", file: "write_iops", key: "wiops" },
];

test.skipIf(DISKS.length === 0)(
  "update changes, adds and takes away rates of disks, in the kernel and in inspect",
  async () => {
    await text("run", "-d", "--name", "disks", "--device-read-bps", `${DISKS[0]}:1mb`, ...SLEEP);
    const group = await groupOf("disks");
    const held = async ({ file, key }: (typeof DISK_LIMITS)[number]) =>
      ratesIn(await read(group, `blkio/blkio.throttle.${file}_device`, "io.max"), key);
    expect(await held(DISK_LIMITS[0]!)).toEqual({ [numbersOf(DISKS[0]!)]: MEBIBYTE });
    const all = Object.fromEntries(DISK_LIMITS.map(({ field }, at) => [field, rates(2 * MEBIBYTE + at)]));
    await update("disks", all);
    for (const [at, row] of DISK_LIMITS.entries()) {
      const expected = Object.fromEntries(DISKS.map((disk) => [numbersOf(disk), 2 * MEBIBYTE + at]));
      expect([row.field, await held(row)]).toEqual([row.field, expected]);
    }
    expect((await inspected("disks")).HostConfig).toMatchObject(all);
    // A list replaces the one before; the others stay.
    const fewer = rates(4096, DISKS.slice(1));
    await update("disks", { BlkioDeviceReadBps: [...fewer, { Path: DISKS[0]!, Rate: 0 }] });
    expect(await held(DISK_LIMITS[0]!)).toEqual(
      Object.fromEntries(DISKS.slice(1).map((disk) => [numbersOf(disk), 4096])),
    );
    const { HostConfig } = await inspected("disks");
    expect([HostConfig.BlkioDeviceReadBps ?? [], HostConfig.BlkioDeviceWriteIOps]).toEqual([
      fewer,
      rates(2 * MEBIBYTE + 3),
    ]);
    await text("rm", "-f", "disks");
  },
);

test.skipIf(DISKS.length === 0)("a rate that somebody else sets is shown by the disk's name", async () => {
  await text("run", "-d", "--name", "other", ...SLEEP);
  const group = await groupOf("other");
  const [path, value] = isV2
    ? [`${ROOT}${group}/io.max`, "wbps=8192"]
    : [`${ROOT}/blkio${group}/blkio.throttle.write_bps_device`, "8192"];
  await daemon().machine.text(["sh", "-c", `echo "${numbersOf(DISKS[0]!)} ${value}" >${path}`]);
  expect((await inspected("other")).HostConfig.BlkioDeviceWriteBps).toEqual([{ Path: DISKS[0], Rate: 8192 }]);
  await text("rm", "-f", "other");
});

test("update of every limit at once", async () => {
  await text("run", "-d", "--name", "all", ...SLEEP);
  const wanted = {
    ...{ Memory: 96 * MEBIBYTE, MemorySwap: 128 * MEBIBYTE, MemoryReservation: 64 * MEBIBYTE },
    ...{
      CpuShares: 512,
      CpuPeriod: 50_000,
      CpuQuota: 25_000,
      CpusetCpus: "0",
      CpusetMems: "0",
      PidsLimit: 77,
    },
    ...(isV2 ? {} : { MemorySwappiness: 10, OomKillDisable: true }),
    ...(DISKS.length > 0 ? { BlkioDeviceWriteBps: rates(MEBIBYTE) } : {}),
  };
  await update("all", wanted);
  const { HostConfig } = await inspected("all");
  expect(Object.fromEntries(Object.keys(wanted).map((key) => [key, HostConfig[key]]))).toEqual(wanted);
  const group = await groupOf("all");
  const files = [
    ["memory/memory.limit_in_bytes", "memory.max", `${96 * MEBIBYTE}`],
    ["memory/memory.soft_limit_in_bytes", "memory.low", `${64 * MEBIBYTE}`],
    ["cpu/cpu.cfs_quota_us", "cpu.max", isV2 ? "25000 50000" : "25000"],
    ["cpuset/cpuset.cpus", "cpuset.cpus", "0"],
    ["pids/pids.max", "pids.max", "77"],
    ...(isV2 ? [] : [["memory/memory.swappiness", "", "10"]]),
  ] as [string, string, string][];
  for (const [v1, v2, value] of files) expect([v1, await read(group, v1, v2)]).toEqual([v1, value]);
  await text("rm", "-f", "all");
});

/** Makes the group above two containers, and writes its limit. */
async function bounded(name: string, v1: string, v2: string, value: string): Promise<string> {
  const parent = `${daemon().cgroupParent}/${name}`;
  await text("run", "-d", "--name", `${name}-one`, "--cgroup-parent", parent, ...SLEEP);
  const [controller, file] = v1.split("/") as [string, string];
  const path = isV2 ? `${ROOT}${parent}/${v2}` : `${ROOT}/${controller}${parent}/${file}`;
  await daemon().machine.text(["sh", "-c", `echo ${value} >${path}`]);
  return parent;
}

async function removeParent(parent: string): Promise<void> {
  const remove = `rmdir ${ROOT}{,/*}${parent} 2>/dev/null || true`;
  await daemon().machine.text(["bash", "-c", remove]);
}

test("containers below one group have no more memory together than it has", async () => {
  const limit = 48 * MEBIBYTE;
  const parent = await bounded("memory", "memory/memory.limit_in_bytes", "memory.max", `${limit}`);
  const grow = ["--memory", "200m", "--memory-swap", "200m", "--cgroup-parent", parent];
  const greedy = await docker("run", "--name", "greedy", ...grow, "busybox", "tail", "/dev/zero");
  expect(greedy.exitCode).toBe(137);
  expect((await inspected("greedy")).State).toMatchObject({ OOMKilled: true, ExitCode: 137 });
  const highest = Number(
    await read(
      parent,
      "memory/memory.max_usage_in_bytes",
      existsPeak(parent) ? "memory.peak" : "memory.current",
    ),
  );
  expect(highest).toBeLessThanOrEqual(limit);
  expect((await inspected("memory-one")).State).toMatchObject({ OOMKilled: false });
  // Legitimate use beside it: what fits, runs.
  const fits = "head -c 5m /dev/zero | tail -c 5m >/dev/null";
  const small = await docker("run", "--rm", ...grow, "busybox", "sh", "-c", fits);
  expect([small.exitCode, small.stderr]).toEqual([0, ""]);
  await text("rm", "-f", "greedy", "memory-one");
  await removeParent(parent);
});

const existsPeak = (parent: string) => existsSync(`${ROOT}${parent}/memory.peak`);

test("containers below one group have no more processor time together than it has", async () => {
  const parent = await bounded("time", "cpu/cpu.cfs_quota_us", "cpu.max", "10000");
  const alone = ["--cgroup-parent", parent];
  const busy = ["busybox", "sh", "-c", "while :; do :; done"];
  for (const name of ["busy-a", "busy-b"]) await text("run", "-d", "--name", name, ...alone, ...busy);
  const counters = async () => {
    const lines = (await read(parent, "cpu/cpu.stat", "cpu.stat")).split("\n");
    const stat = Object.fromEntries(lines.map((line) => line.split(" ")));
    const usage = isV2
      ? Number(stat.usage_usec) * 1000
      : Number(await daemon().machine.text(["cat", `${ROOT}/cpuacct${parent}/cpuacct.usage`]));
    return { usage, periods: Number(stat.nr_periods), throttled: Number(stat.nr_throttled) };
  };
  const before = await counters();
  const after = await until("throttled", counters, ({ throttled }) => throttled >= before.throttled + 10);
  // A tenth of a processor: 10 ms in each period of 100, and what the kernel hands out in slices at most once over.
  const periods = after.periods - before.periods + 2;
  expect(after.usage - before.usage).toBeLessThan(periods * 10_000_000 * 2);
  // More than the group has: v1 refuses it, v2 lets the group's limit decide.
  const more = await docker("run", "-d", "--name", "more", ...alone, "--cpus", "1", ...SLEEP);
  expect([isV2, more.exitCode === 0]).toEqual([isV2, isV2]);
  if (!isV2) expect(more.stderr).toMatch(/cpu\.cfs_quota_us|invalid argument/i);
  await text("rm", "-f", "busy-a", "busy-b", "more", "time-one");
  await removeParent(parent);
});

const PAGES = readablePages();

/** What this machine's containers can have limits of. */
function readablePages(): string | undefined {
  const controllers = `${ROOT}/cgroup.controllers`;
  const isThere = isV2
    ? /\bhugetlb\b/.test(readFileSync(controllers, "utf8"))
    : existsSync(`${ROOT}/hugetlb/hugetlb.2MB.limit_in_bytes`);
  return isThere && existsSync("/sys/kernel/mm/hugepages/hugepages-2048kB") ? "2MB" : undefined;
}

test.skipIf(PAGES === undefined)("huge pages are limited, live too, and inspect tells", async () => {
  const wharf = (...args: string[]) => daemon().wharfText(...args);
  await wharf("run", "-d", "--name", "huge", "--hugetlb-limit", "2MB=64m", ...SLEEP);
  const group = await groupOf("huge");
  const held = () => read(group, "hugetlb/hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max");
  const shown = async () => (await inspected("huge")).HostConfig.HugepageLimits;
  expect([await held(), await shown()]).toEqual([
    `${64 * MEBIBYTE}`,
    [{ PageSize: "2MB", Limit: 64 * MEBIBYTE }],
  ]);
  await wharf("update", "--hugetlb-limit", "2m=0", "huge");
  expect([await held(), await shown()]).toEqual(["0", [{ PageSize: "2MB", Limit: 0 }]]);
  await wharf("update", "--hugetlb-limit", "2MB=-1", "huge");
  expect([await held(), await shown()]).toEqual([expect.stringMatching(/^(max|92\d+)$/), undefined]);
  await text("run", "-d", "--name", "noted", "--annotation", "wharf.hugetlb-limit=2MB=4m", ...SLEEP);
  expect((await inspected("noted")).HostConfig.HugepageLimits).toEqual([
    { PageSize: "2MB", Limit: 4 * MEBIBYTE },
  ]);
  await text("rm", "-f", "huge", "noted");
});

test("huge pages of a size that the kernel cannot limit are refused", async () => {
  const size = PAGES === undefined ? "2MB" : "16GB";
  const refused = await daemon().wharf("create", "--hugetlb-limit", `${size}=0`, "busybox");
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain(`this kernel cannot limit a container's ${size} pages`);
  const wrong = await daemon().api("POST", "/containers/create", {
    Image: "busybox",
    HostConfig: { HugepageLimits: [{ PageSize: "huge", Limit: 1 }] },
  });
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("huge")]);
});

testNothingIsLeft(daemon);
