import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ContainerSample } from "#runtime/types.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { emptyStatsJson, statsJson } from "./stats-object.ts";

const counters = {
  rxBytes: 1,
  rxPackets: 2,
  rxErrors: 3,
  rxDropped: 4,
  txBytes: 5,
  txPackets: 6,
  txErrors: 7,
  txDropped: 8,
};
const sample: ContainerSample = {
  cgroup: {
    cpu: {
      totalNanos: 500,
      userNanos: 300,
      systemNanos: 200,
      perCpuNanos: undefined,
      periods: 1,
      throttledPeriods: 2,
      throttledNanos: 3,
    },
    memory: {
      usageBytes: 100,
      maxUsageBytes: undefined,
      limitBytes: Infinity,
      failcnt: undefined,
      stat: "anon 60\nlimit 9223372036854771712\n",
    },
    pids: { current: 4, limit: undefined },
    blkio: [{ major: 8, minor: 0, op: "read", value: 512 }],
  },
  interfaces: { eth0: counters },
  hostCpuNanos: 9000,
  onlineCpus: 2,
  hostMemoryBytes: 1 << 30,
};

describe("statsJson()", () => {
  test("has the fields docker's clients compute with", () => {
    const text = statsJson(
      { id: "4f3e", name: "web" },
      { sample, read: "later" },
      { sample, read: "earlier" },
    );
    expect(text).toContain('"stats":{"anon":60,"limit":9223372036854771712}'); // to the last digit
    expect(JSON.parse(text)).toMatchObject({
      id: "4f3e",
      name: "/web",
      read: "later",
      preread: "earlier",
      pids_stats: { current: 4 },
      cpu_stats: {
        cpu_usage: { total_usage: 500, usage_in_usermode: 300, usage_in_kernelmode: 200 },
        system_cpu_usage: 9000,
        online_cpus: 2,
        throttling_data: { periods: 1, throttled_periods: 2, throttled_time: 3 },
      },
      precpu_stats: { cpu_usage: { total_usage: 500 } },
      memory_stats: { usage: 100, limit: 1 << 30, stats: { anon: 60 } },
      blkio_stats: { io_service_bytes_recursive: [{ major: 8, minor: 0, op: "read", value: 512 }] },
      networks: { eth0: { rx_bytes: 1, tx_dropped: 8 } },
    });
  });

  test("has zeros for a first sample's past, and nothing for a container that does not run", () => {
    const stats = statsJson({ id: "4f3e", name: "web" }, { sample, read: "now" }, undefined);
    expect(JSON.parse(stats)).toMatchObject({
      preread: "0001-01-01T00:00:00Z",
      precpu_stats: { cpu_usage: { total_usage: 0 } },
    });
    expect(JSON.parse(emptyStatsJson({ id: "4f3e", name: "web" }))).toMatchObject({
      memory_stats: {},
      name: "/web",
    });
  });
});

interface Stats {
  readonly cpu_stats: { readonly system_cpu_usage: number };
  readonly precpu_stats: { readonly system_cpu_usage: number };
}

describe("stats()", () => {
  let lab: ContainersLab;
  beforeEach(() => {
    lab = new ContainersLab();
    lab.world.sample = sample;
  });
  afterEach(() => lab[Symbol.dispose]());

  const options = { stream: true, oneShot: false, signal: new AbortController().signal };
  const samples = async (how: typeof options): Promise<unknown[]> =>
    (await Array.fromAsync(lab.containers.stats("web", how))).map((text) => JSON.parse(text));

  test("gives an object every second until the container is removed", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    const pids: (number | undefined)[] = [];
    const reading = (async () => {
      for await (const stats of lab.containers.stats(id, options))
        pids.push(JSON.parse(stats).pids_stats.current);
    })();
    await lab.settle();
    await lab.clock.advance(1000);
    await lab.containers.stop(id, {});
    await lab.clock.advance(1000);
    await lab.containers.remove(id, { force: false, volumes: false, link: false });
    await lab.clock.advance(1000);
    await reading;
    expect(pids).toEqual([4, 4, undefined]);
  });

  test("compares one object with the start of a container that has only just started, and waits for none", async () => {
    await lab.create("web");
    await lab.containers.start("web");
    const { startedAt } = lab.containers.get("web").state;
    await lab.clock.advance(50);
    const single = (more = {}) => samples({ ...options, stream: false, ...more });
    const [first] = (await single()) as Stats[];
    expect(lab.clock.sleeping).toEqual([]);
    expect(first).toMatchObject({
      preread: startedAt,
      precpu_stats: { cpu_usage: { total_usage: 0 }, online_cpus: 2 },
    });
    const sinceNanos = (lab.clock.now() - Date.parse(startedAt)) * 1e6;
    expect(first!.cpu_stats.system_cpu_usage - first!.precpu_stats.system_cpu_usage).toBe(2 * sinceNanos);
    await lab.clock.advance(200);
    expect(await single()).toMatchObject([{ precpu_stats: { cpu_usage: { total_usage: 500 } } }]);
    expect(await single({ oneShot: true })).toMatchObject([{ preread: "0001-01-01T00:00:00Z" }]);
  });

  test("tells of many in one answer, in the order they were asked for", async () => {
    for (const name of ["web", "db", "idle"]) await lab.create(name);
    for (const name of ["web", "db"]) await lab.containers.start(name);
    const namesOf = async (names: string[], all = false) =>
      (await lab.containers.statsOfMany(names, { all, signal: options.signal })).map(
        (text) => text && JSON.parse(text).name,
      );
    expect(await namesOf(["db", "idle", "web"])).toEqual(["/db", "/idle", "/web"]);
    expect(new Set(await namesOf([]))).toEqual(new Set(["/web", "/db"]));
    expect(await namesOf([], true)).toHaveLength(3);
    await expect(namesOf(["web", "nobody"])).rejects.toThrow("No such container: nobody");
  });

  test("waits for one object of a container that runs for long and was never looked at", async () => {
    await lab.create("web");
    await lab.containers.start("web");
    await lab.clock.advance(3_600_000);
    const single = samples({ ...options, stream: false });
    await lab.settle();
    expect(lab.clock.sleeping).toEqual([200]);
    await lab.clock.advance(200);
    expect(await single).toMatchObject([{ precpu_stats: { cpu_usage: { total_usage: 500 } } }]);
  });
});
