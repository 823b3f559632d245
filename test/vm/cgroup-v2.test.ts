/**
 * The whole engine on a host with control groups v2 alone, with each runtime. `bun run test:v2` gives it a virtual
 * machine; on a host that has them it runs like any other test.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { until, useDaemon } from "../helpers/suite.ts";

const ROOT = "/sys/fs/cgroup";
const MEBIBYTE = 1 << 20;
const SLEEP = ["sleep", "1000"];

type Json = Record<string, unknown>;

/** What tests look at in a container's inspect. */
interface Inspected {
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
  };
  readonly HostConfig: { readonly CgroupnsMode: string; readonly Memory: number };
}

interface StatsAnswer {
  readonly cpu_stats: {
    readonly cpu_usage: { readonly total_usage: number; readonly percpu_usage?: number[] };
    readonly throttling_data: { readonly throttled_periods: number };
  };
  readonly memory_stats: {
    readonly usage: number;
    readonly limit: number;
    readonly stats: Record<string, number>;
  };
  readonly pids_stats: { readonly current: number; readonly limit?: number };
  readonly blkio_stats: {
    readonly io_service_bytes_recursive: readonly { readonly op: string; readonly value: number }[] | null;
  };
}

const [major = 0] = release().split(".").map(Number);
const isV2 = existsSync(`${ROOT}/cgroup.controllers`);

describe.skipIf(!isV2)("on control groups v2", () => {
  const daemon = useDaemon();

  /** The body of an answer that must be a success. */
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const { status, json, text } = await daemon().api(method, path, body);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    return json;
  };
  const post = (path: string, body?: unknown) => call("POST", path, body);
  const inspect = async (id: string) => (await call("GET", `/containers/${id}/json`)) as Inspected;
  const remove = (id: string) => call("DELETE", `/containers/${id}?force=1&v=1`);
  const stats = async (id: string) =>
    (await call("GET", `/containers/${id}/stats?stream=0&one-shot=1`)) as StatsAnswer;
  const groupOf = (id: string) => `${ROOT}${daemon().cgroupParent}/${id}`;
  const read = (id: string, file: string) => readFileSync(`${groupOf(id)}/${file}`, "utf8").trim();
  const exec = async (id: string, ...command: string[]) => {
    const { Id } = (await post(`/containers/${id}/exec`, { Cmd: command })) as { readonly Id: string };
    await post(`/exec/${Id}/start`, { Detach: false });
    return (await call("GET", `/exec/${Id}/json`)) as { readonly ExitCode: number };
  };

  describe.each(["crun", "runc"])("with %s", (runtime) => {
    const start = async (command: readonly string[], hostConfig: Json = {}, config: Json = {}) => {
      const HostConfig = { Runtime: runtime, NetworkMode: "none", ...hostConfig };
      const body = { Image: "busybox", Cmd: command, HostConfig, ...config };
      const { Id } = (await post("/containers/create", body)) as { readonly Id: string };
      await post(`/containers/${Id}/start`);
      return Id;
    };
    /** Runs a command to its end, on a terminal: its output is not framed. The container is gone afterwards. */
    const run = async (command: readonly string[], hostConfig: Json = {}) => {
      const id = await start(command, hostConfig, { Tty: true });
      const { StatusCode } = (await post(`/containers/${id}/wait`)) as { readonly StatusCode: number };
      const { text } = await daemon().api("GET", `/containers/${id}/logs?stdout=1`);
      await remove(id);
      return { code: StatusCode, text: text.replaceAll("\r\n", "\n") };
    };

    test("run --rm prints, ends with the exit code and leaves no group", async () => {
      const script = "echo out; exit 3";
      const flags = ["--rm", "--runtime", runtime];
      const result = await daemon().wharf("run", ...flags, "busybox", "sh", "-c", script);
      expect(result).toEqual({ exitCode: 3, stdout: "out\n", stderr: "" });
      expect(await daemon().leftovers()).toEqual([]);
    });

    test("every limit is in its file", async () => {
      const id = await start(SLEEP, {
        ...{ Memory: 64 * MEBIBYTE, MemorySwap: 192 * MEBIBYTE, MemoryReservation: 32 * MEBIBYTE },
        ...{ NanoCpus: 5e8, CpuShares: 512, CpusetCpus: "0", PidsLimit: 50 },
        ...(existsSync("/dev/vda")
          ? { BlkioDeviceWriteBps: [{ Path: "/dev/vda", Rate: MEBIBYTE }], BlkioWeight: 100 }
          : {}),
      });
      const files = ["memory.max", "memory.swap.max", "memory.low", "cpu.max", "cpu.weight", "cpuset.cpus"];
      expect(Object.fromEntries([...files, "pids.max"].map((file) => [file, read(id, file)]))).toEqual({
        ...{ "memory.max": `${64 * MEBIBYTE}`, "memory.swap.max": `${128 * MEBIBYTE}` },
        ...{ "memory.low": `${32 * MEBIBYTE}`, "cpu.max": "50000 100000", "cpu.weight": "20" },
        ...{ "cpuset.cpus": "0", "pids.max": "50" },
      });
      if (existsSync("/dev/vda")) expect(read(id, "io.max")).toContain(`wbps=${MEBIBYTE}`);
      await remove(id);
      expect(existsSync(groupOf(id))).toBe(false);
    });

    test("a container sees its own group as the root, and cannot change it", async () => {
      const script = `cat /proc/self/cgroup ${ROOT}/memory.max; (echo 1 >${ROOT}/pids.max) 2>/dev/null || echo refused`;
      expect((await run(["sh", "-c", script], { Memory: 32 * MEBIBYTE })).text).toContain(
        `0::/\n${32 * MEBIBYTE}\nrefused`,
      );
      const host = await run(["cat", "/proc/self/cgroup"], { CgroupnsMode: "host" });
      expect(host.text).toStartWith(`0::${daemon().cgroupParent}/`);
    });

    test("update changes the files of a running container, up and down, and what is not given stays", async () => {
      const id = await start(SLEEP, { Memory: 32 * MEBIBYTE, MemorySwap: 32 * MEBIBYTE, PidsLimit: 50 });
      const { Pid } = (await inspect(id)).State;
      await post(`/containers/${id}/update`, { Memory: 128 * MEBIBYTE, MemorySwap: 256 * MEBIBYTE });
      expect([read(id, "memory.max"), read(id, "memory.swap.max")]).toEqual([
        `${128 * MEBIBYTE}`,
        `${128 * MEBIBYTE}`,
      ]);
      await post(`/containers/${id}/update`, { Memory: 16 * MEBIBYTE, MemorySwap: 16 * MEBIBYTE });
      expect([read(id, "memory.max"), read(id, "memory.swap.max")]).toEqual([`${16 * MEBIBYTE}`, "0"]);
      await post(`/containers/${id}/update`, { NanoCpus: 25e7, CpusetCpus: "0", PidsLimit: -1 });
      expect([read(id, "cpu.max"), read(id, "cpuset.cpus"), read(id, "pids.max")]).toEqual([
        "25000 100000",
        "0",
        "max",
      ]);
      expect(await inspect(id)).toMatchObject({ State: { Pid }, HostConfig: { Memory: 16 * MEBIBYTE } });
      await remove(id);
    });

    test("pause freezes every process, unpause thaws them, and a paused container can be removed", async () => {
      const id = await start(["sh", "-c", "sleep 1000 & sleep 1000"]);
      await post(`/containers/${id}/pause`);
      expect(read(id, "cgroup.freeze")).toBe("1");
      expect(read(id, "cgroup.events")).toContain("frozen 1");
      expect((await inspect(id)).State.Status).toBe("paused");
      expect((await daemon().api("POST", `/containers/${id}/exec`, { Cmd: ["true"] })).status).toBe(409);
      await post(`/containers/${id}/unpause`);
      expect(read(id, "cgroup.events")).toContain("frozen 0");
      expect((await exec(id, "sh", "-c", "exit 4")).ExitCode).toBe(4);
      await post(`/containers/${id}/pause`);
      await remove(id);
      expect(existsSync(groupOf(id))).toBe(false);
    });

    test("stats are those of the group, in Docker's form for v2", async () => {
      const busy = ["sh", "-c", "while :; do :; done"];
      const id = await start(busy, { Memory: 64 * MEBIBYTE, PidsLimit: 20, NanoCpus: 1e8 });
      const answer = await until(
        "throttled",
        () => stats(id),
        ({ cpu_stats }) => cpu_stats.throttling_data.throttled_periods > 0,
      );
      expect(answer.cpu_stats.cpu_usage.total_usage).toBeGreaterThan(0);
      expect(answer.cpu_stats.cpu_usage.percpu_usage).toBeUndefined();
      expect(answer.memory_stats.limit).toBe(64 * MEBIBYTE);
      expect(answer.memory_stats.usage).toBeGreaterThan(0);
      expect(Object.keys(answer.memory_stats.stats)).toEqual(
        expect.arrayContaining(["anon", "file", "inactive_file", "pgfault"]),
      );
      expect(answer.pids_stats.limit).toBe(20);
      const shown = await daemon().dockerText("stats", "--no-stream", "--format", "{{.MemUsage}}", id);
      expect(shown).toEndWith("/ 64MiB");
      await until(
        "alone", // threads of the runtime's that just ended count for a moment
        () => stats(id),
        ({ pids_stats }) => pids_stats.current === 1,
      );
      await remove(id);
    });

    test("exec enters the container's group and has an exit code of its own", async () => {
      const id = await start(SLEEP);
      const before = read(id, "cgroup.procs").split("\n").length;
      const sleeping = exec(id, "sleep", "1001");
      await until(
        "entered",
        async () => read(id, "cgroup.procs").split("\n").length,
        (count) => count === before + 1,
      );
      expect((await exec(id, "killall", "sleep")).ExitCode).toBe(0);
      expect((await sleeping).ExitCode).toBe(143);
      await remove(id);
    });

    test("the limit of processes holds", async () => {
      const script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done";
      expect((await run(["sh", "-c", script], { PidsLimit: 5 })).code).not.toBe(0);
    });

    test("inspect notes when the kernel killed for want of memory", async () => {
      const hungry = ["sh", "-c", "x=0123456789abcdef; while :; do x=$x$x; done"];
      const id = await start(hungry, { Memory: 16 * MEBIBYTE, MemorySwap: 16 * MEBIBYTE });
      await post(`/containers/${id}/wait`);
      expect((await inspect(id)).State).toMatchObject({ Status: "exited", ExitCode: 137, OOMKilled: true });
      await remove(id);
    });

    test("a daemon killed and started again finds what runs, what is paused and how the rest ended", async () => {
      const running = await start(SLEEP, { Memory: 32 * MEBIBYTE });
      const paused = await start(SLEEP);
      const ending = await start(["sh", "-c", "read line; exit 42"], {}, { OpenStdin: true });
      await post(`/containers/${paused}/pause`);
      const { Pid } = (await inspect(running)).State;
      const endingPid = (await inspect(ending)).State.Pid;

      await daemon().kill("SIGKILL");
      await daemon().machine.run(["kill", "-9", String(endingPid)]);
      await daemon().start();

      expect((await inspect(running)).State).toMatchObject({ Status: "running", Pid });
      expect((await inspect(paused)).State.Status).toBe("paused");
      expect((await inspect(ending)).State).toMatchObject({ Status: "exited", ExitCode: 137 });
      expect((await exec(running, "true")).ExitCode).toBe(0);
      await post(`/containers/${running}/update`, { Memory: 48 * MEBIBYTE, MemorySwap: 48 * MEBIBYTE });
      expect(read(running, "memory.max")).toBe(`${48 * MEBIBYTE}`);
      await post(`/containers/${paused}/unpause`);
      expect(read(paused, "cgroup.events")).toContain("frozen 0");
      await post(`/containers/${paused}/stop?t=0`);
      expect((await inspect(paused)).State).toMatchObject({ Status: "exited", ExitCode: 137 });
      for (const id of [running, paused, ending]) await remove(id);
    });
  });

  test("info tells the version", async () => {
    expect(await call("GET", "/info")).toMatchObject({ CgroupVersion: "2", CgroupDriver: "cgroupfs" });
  });

  test.skipIf(major < 6)("changes of groups do not wait for all processors", () => {
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toMatch(/ \/sys\/fs\/cgroup .*[ ,]favordynmods/);
  });

  test("storage is overlay2, whatever the kernel's age", async () => {
    expect(await call("GET", "/info")).toMatchObject({ Driver: "overlay2" });
  });

  test("a cgroup parent of the container's own is used, and only the group in it removed", async () => {
    const parent = `${daemon().cgroupParent}-own`;
    const HostConfig = { CgroupParent: parent, NetworkMode: "none" };
    const { Id } = (await post("/containers/create", { Image: "busybox", Cmd: SLEEP, HostConfig })) as {
      readonly Id: string;
    };
    await post(`/containers/${Id}/start`);
    expect(readFileSync(`${ROOT}${parent}/${Id}/pids.current`, "utf8")).toBe("1\n");
    await remove(Id);
    expect(existsSync(`${ROOT}${parent}/${Id}`)).toBe(false);
    expect(existsSync(`${ROOT}${parent}`)).toBe(true);
  });

  test("nothing is left after all this", async () => {
    const left = await until(
      "clean",
      () => daemon().leftovers(),
      (found) => found.length === 0,
    );
    expect(left).toEqual([]);
  });
});
