/** Every flag of the stock client's `exec` and `update`, by its effect in the container or in the kernel. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { flagsOf } from "../helpers/flag-table.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon({ prepare: "printf 'FROM_FILE=1\\n' >/run/env" });
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);
const inspect = (format: string, name: string) => text("inspect", "-f", format, name);

const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");

interface Inspected {
  readonly Id: string;
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

/** By the API itself: an emulated machine takes seconds to start a client. */
async function asked(name: string): Promise<Inspected> {
  return (await daemon().api("GET", `/containers/${name}/json`)).json as Inspected;
}

/** What the kernel holds for a container's group, by v1 path or v2 name. */
async function held(name: string, v1: string, v2: string): Promise<string> {
  const group = `${daemon().cgroupParent}/${(await asked(name)).Id}`;
  const [controller, file] = v1.split("/") as [string, string];
  const path = isV2 ? `/sys/fs/cgroup${group}/${v2}` : `/sys/fs/cgroup/${controller}${group}/${file}`;
  return (await daemon().machine.text(["cat", path])).trim();
}

interface Update {
  readonly flags: Readonly<Record<string, string>>;
  readonly v1: string;
  readonly v2: string;
  readonly holds: RegExp;
  /** A field of HostConfig as inspect shows it. */
  readonly shows: readonly [field: string, value: unknown];
}

/** In this order on one container, so that each stands on those before. */
const UPDATES: readonly Update[] = [
  {
    flags: { memory: "96m", "memory-swap": "128m" },
    v1: "memory/memory.limit_in_bytes",
    v2: "memory.max",
    holds: /^100663296$/,
    shows: ["Memory", 100_663_296],
  },
  {
    flags: { memory: "128m", "memory-swap": "-1" },
    v1: "memory/memory.memsw.limit_in_bytes",
    v2: "memory.swap.max",
    holds: /^(max|9223372036854771712)$/,
    shows: ["MemorySwap", -1],
  },
  {
    flags: { "memory-reservation": "64m" },
    v1: "memory/memory.soft_limit_in_bytes",
    v2: "memory.low",
    holds: /^67108864$/,
    shows: ["MemoryReservation", 67_108_864],
  },
  {
    flags: { "cpu-shares": "512" },
    v1: "cpu/cpu.shares",
    v2: "cpu.weight",
    holds: /^(512|20)$/,
    shows: ["CpuShares", 512],
  },
  {
    flags: { cpus: "0.5" },
    v1: "cpu/cpu.cfs_quota_us",
    v2: "cpu.max",
    holds: /^50000( 100000)?$/,
    shows: ["NanoCpus", 500_000_000],
  },
  {
    flags: { "cpuset-cpus": "0" },
    v1: "cpuset/cpuset.cpus",
    v2: "cpuset.cpus",
    holds: /^0$/,
    shows: ["CpusetCpus", "0"],
  },
  {
    flags: { "cpuset-mems": "0" },
    v1: "cpuset/cpuset.mems",
    v2: "cpuset.mems",
    holds: /^0$/,
    shows: ["CpusetMems", "0"],
  },
  {
    flags: { "pids-limit": "77" },
    v1: "pids/pids.max",
    v2: "pids.max",
    holds: /^77$/,
    shows: ["PidsLimit", 77],
  },
  {
    flags: { "pids-limit": "-1" },
    v1: "pids/pids.max",
    v2: "pids.max",
    holds: /^max$/,
    shows: ["PidsLimit", null],
  },
];

test("update changes a running container's group at once, and inspect tells what the kernel holds", async () => {
  await text("run", "-d", "--name", "live", "--memory", "64m", "busybox", "sleep", "1000");
  for (const { flags, v1, v2, holds, shows } of UPDATES) {
    await text("update", ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]), "live");
    expect(await held("live", v1, v2)).toMatch(holds);
    expect((await asked("live")).HostConfig[shows[0]]).toBe(shows[1]);
  }
  expect((await docker("update", "--cpu-quota", "20000", "live")).stderr).toContain(
    "CPU Quota cannot be updated as NanoCPUs has already been set",
  );
  await text("rm", "-f", "live");
});

test("update --cpu-period and --cpu-quota, in either direction of the share", async () => {
  await text(
    "run",
    "-d",
    "--name",
    "quota",
    "--cpu-period",
    "100000",
    "--cpu-quota",
    "100000",
    "busybox",
    "sleep",
    "1000",
  );
  await text("update", "--cpu-period", "20000", "--cpu-quota", "10000", "quota");
  expect(await held("quota", "cpu/cpu.cfs_quota_us", "cpu.max")).toMatch(/^10000( 20000)?$/);
  await text("update", "--cpu-period", "200000", "--cpu-quota", "100000", "quota");
  expect(await held("quota", "cpu/cpu.cfs_period_us", "cpu.max")).toMatch(/^(200000|100000 200000)$/);
  expect(await inspect("{{.HostConfig.CpuPeriod}} {{.HostConfig.CpuQuota}}", "quota")).toBe("200000 100000");
  await text("rm", "-f", "quota");
});

test("update of what the kernel refuses changes nothing", async () => {
  await text("run", "-d", "--name", "firm", "--memory", "64m", "busybox", "sleep", "1000");
  const body = { CpuShares: 300, CpusetCpus: "0", CpuRealtimePeriod: 1_000_000, CpuRealtimeRuntime: 900_000 };
  const { status } = await daemon().api("POST", "/v1.47/containers/firm/update", body);
  expect(status).toBe(400);
  expect(await inspect("{{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}}", "firm")).toBe("0 ");
  expect(await held("firm", "cpu/cpu.shares", "cpu.weight")).toMatch(/^(1024|100)$/);
  const fixed = await daemon().api("POST", "/v1.47/containers/firm/update", {
    Ulimits: [{ Name: "nofile", Soft: 1, Hard: 1 }],
  });
  expect([fixed.status, fixed.text]).toEqual([
    400,
    expect.stringContaining("Ulimits cannot change after create"),
  ]);
  await text("rm", "-f", "firm");
});

test("update --blkio-weight and --kernel-memory warn where the kernel has none", async () => {
  await text("create", "--name", "warned", "busybox");
  const weight = await docker("update", "--blkio-weight", "300", "warned");
  expect(weight.exitCode).toBe(0);
  expect(
    `${await inspect("{{.HostConfig.BlkioWeight}}", "warned")} ${weight.stdout}${weight.stderr}`,
  ).toMatch(/^(300 |0 [\s\S]*does not support Block I\/O weight)/);
  const kernel = await docker("update", "--kernel-memory", "50m", "warned");
  expect(`${kernel.stdout}${kernel.stderr}`).toContain("deprecated");
  await text("rm", "warned");
});

test("update --restart counts for the next end of a running container", async () => {
  await text(
    "run",
    "-d",
    "--name",
    "again",
    "busybox",
    "sh",
    "-c",
    "test -e /second && exec sleep 1000; touch /second; sleep 1000",
  );
  await text("update", "--restart", "always", "again");
  const pid = await inspect("{{.State.Pid}}", "again");
  await daemon().machine.text(["kill", "-9", pid]);
  await until(
    "restart",
    () => inspect("{{.State.Running}} {{.RestartCount}}", "again"),
    (state) => state === "true 1",
  );
  await text("update", "--restart", "no", "again");
  await daemon().machine.text(["kill", "-9", await inspect("{{.State.Pid}}", "again")]);
  await until(
    "end",
    () => inspect("{{.State.Status}}", "again"),
    (status) => status === "exited",
  );
  expect(await inspect("{{.RestartCount}}", "again")).toBe("1");
  await text("rm", "again");
});

test("update of a stopped container counts at its next start", async () => {
  await text("create", "--name", "later", "busybox", "sleep", "1000");
  await text("update", "--memory", "64m", "--memory-swap", "64m", "--cpu-shares", "300", "later");
  await text("start", "later");
  expect(await held("later", "memory/memory.limit_in_bytes", "memory.max")).toBe("67108864");
  await text("rm", "-f", "later");
});

test("inspect shows a limit somebody else has set, and update sets it right again", async () => {
  await text("run", "-d", "--name", "meddled", "--pids-limit", "50", "busybox", "sleep", "1000");
  const group = `${daemon().cgroupParent}/${await inspect("{{.Id}}", "meddled")}`;
  const path = isV2 ? `/sys/fs/cgroup${group}/pids.max` : `/sys/fs/cgroup/pids${group}/pids.max`;
  await daemon().machine.text(["sh", "-c", `echo 99 >${path}`]);
  expect(await inspect("{{.HostConfig.PidsLimit}}", "meddled")).toBe("99");
  await text("update", "--pids-limit", "50", "meddled");
  expect(await inspect("{{.HostConfig.PidsLimit}}", "meddled")).toBe("50");
  await text("rm", "-f", "meddled");
});

test("containers below one parent group cannot have more than it has", async () => {
  const parent = `${daemon().cgroupParent}/bounded`;
  await text("run", "-d", "--name", "one", "--cgroup-parent", parent, "busybox", "sleep", "1000");
  const directory = isV2 ? `/sys/fs/cgroup${parent}` : `/sys/fs/cgroup/pids${parent}`;
  await daemon().machine.text(["sh", "-c", `echo 12 >${directory}/pids.max`]);
  await text(
    "run",
    "-d",
    "--name",
    "two",
    "--cgroup-parent",
    parent,
    "--pids-limit",
    "500",
    "busybox",
    "sleep",
    "1000",
  );
  const storm = "i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done; wait";
  await docker("exec", "-d", "two", "sh", "-c", storm);
  await until(
    "bound",
    async () => Number(await daemon().machine.text(["cat", `${directory}/pids.current`])),
    (count) => count >= 11,
  );
  expect(Number(await daemon().machine.text(["cat", `${directory}/pids.current`]))).toBeLessThanOrEqual(12);
  await text("rm", "-f", "one", "two");
  await daemon().machine.text(["bash", "-c", `rmdir /sys/fs/cgroup{,/*}${parent} 2>/dev/null || true`]);
});

test("exec takes every flag", async () => {
  await text("run", "-d", "--name", "host", "--cap-drop", "ALL", "-e", "BASE=1", "busybox", "sleep", "1000");
  const environment = ["-e", "A=b", "--env-file", "/run/env"];
  expect(
    await text(
      "exec",
      ...environment,
      "-u",
      "65534:100",
      "-w",
      "/var",
      "host",
      "sh",
      "-c",
      'echo "$BASE$A$FROM_FILE $(id -u):$(id -g) $PWD"',
    ),
  ).toBe("1b1 65534:100 /var");
  expect(await text("exec", "host", "grep", "CapEff", "/proc/self/status")).toMatch(/\t0{16}$/);
  expect(await text("exec", "--privileged", "host", "grep", "CapEff", "/proc/self/status")).not.toMatch(
    /\t0{16}$/,
  );
  expect(await text("exec", "-t", "host", "sh", "-c", "test -t 1 && echo tty")).toContain("tty");
  const typed = await daemon().machine.run(
    ["docker", "-H", `unix://${daemon().socket}`, "exec", "-i", "--detach-keys", "ctrl-x", "host", "cat"],
    { input: "typed" },
  );
  expect(typed.stdout).toBe("typed");
  await text("exec", "-d", "host", "touch", "/detached");
  await until(
    "detached",
    () => docker("exec", "host", "test", "-e", "/detached"),
    ({ exitCode }) => exitCode === 0,
  );
  expect((await docker("exec", "-w", "relative", "host", "true")).exitCode).not.toBe(0);
  await text("rm", "-f", "host");
});

const EXEC_FLAGS = [
  "detach",
  "detach-keys",
  "env",
  "env-file",
  "help",
  "interactive",
  "privileged",
  "tty",
  "user",
  "workdir",
];
const UPDATE_FLAGS = [
  ...UPDATES.flatMap(({ flags }) => Object.keys(flags)),
  ...[
    "blkio-weight",
    "cpu-period",
    "cpu-quota",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "help",
    "kernel-memory",
    "restart",
  ],
];

test("every flag of exec and update is tried", async () => {
  expect((await flagsOf(daemon(), "exec")).filter((flag) => !EXEC_FLAGS.includes(flag))).toEqual([]);
  expect((await flagsOf(daemon(), "update")).filter((flag) => !UPDATE_FLAGS.includes(flag))).toEqual([]);
});

testNothingIsLeft(daemon);
