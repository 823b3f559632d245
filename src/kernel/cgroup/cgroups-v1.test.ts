import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { hermetic } from "../_testing/hermetic.ts";
import { listMounts } from "../mount/mounts.ts";
import { createCgroups } from "./cgroups.ts";
import { detectLayout } from "./detect.ts";
import { FavorDynMods } from "./favor-dynmods.ts";
import type { CgroupLayout } from "./layout.ts";

const ROOT = "/sys/fs/cgroup";
const isV1 = existsSync(`${ROOT}/memory/cgroup.procs`);

/** Starts a process and puts it into the group in every hierarchy. */
function startIn(layout: CgroupLayout, group: string): Bun.Subprocess {
  const child = Bun.spawn(["sleep", "60"]);
  for (const { version, root } of layout.hierarchies) {
    if (version === 1 && existsSync(root + group))
      writeFileSync(`${root}${group}/cgroup.procs`, String(child.pid));
  }
  return child;
}

describe.skipIf(!isV1)("Cgroups on v1 and hybrid hosts", () => {
  hermetic(import.meta.path, () => {
    const layout = detectLayout(listMounts());
    const favorDynMods = new FavorDynMods(layout, listMounts());
    const cgroups = createCgroups(layout, favorDynMods);
    const parent = `/wharf-test-${process.env.WHARF_TEST_RUN}-${process.pid}`;
    const group = `${parent}/one`;
    const file = (name: string) =>
      readFileSync(`${ROOT}/${name.split(".")[0]}${group}/${name}`, "utf8").trim();

    beforeEach(() => {
      cgroups.remove(parent);
      cgroups.prepareParent(group);
    });
    afterAll(() => {
      cgroups.remove(parent);
      favorDynMods[Symbol.dispose]();
    });

    test("prepareParent() makes the group in every hierarchy, with CPUs and memory nodes", () => {
      for (const { root, version, controllers } of layout.hierarchies) {
        expect([root, existsSync(root + group)]).toEqual([root, version === 1 && controllers.length > 0]);
      }
      expect(file("cpuset.cpus")).toBe(readFileSync(`${ROOT}/cpuset/cpuset.cpus`, "utf8").trim());
      expect(file("cpuset.mems")).toBe(readFileSync(`${ROOT}/cpuset/cpuset.mems`, "utf8").trim());
      cgroups.prepareParent(group);
    });

    test("prepareParent() turns favordynmods on by an unattached hierarchy of its own", () => {
      expect(favorDynMods.isOn).toBe(true);
      const other = new FavorDynMods(layout, listMounts());
      expect(other.isOn).toBe(true);
      expect(listMounts().some(({ superOptions }) => superOptions.includes("name=wharf-favordynmods"))).toBe(
        false,
      );
    });

    test("exists() and children() see groups come and go", () => {
      expect(cgroups.exists(group)).toBe(true);
      expect(cgroups.children(parent)).toEqual(["one"]);
      cgroups.remove(group);
      expect(cgroups.exists(group)).toBe(false);
      expect(cgroups.children(parent)).toEqual([]);
      expect(cgroups.children(`${parent}/gone`)).toEqual([]);
      cgroups.remove(group);
    });

    test("setLimits() raises and lowers memory together with memory plus swap", () => {
      const megabytes = (count: number) => count * 1024 * 1024;
      cgroups.setLimits(group, { memoryBytes: megabytes(64), memorySwapBytes: megabytes(128) });
      cgroups.setLimits(group, { memoryBytes: megabytes(512), memorySwapBytes: megabytes(512) });
      expect(file("memory.limit_in_bytes")).toBe(String(megabytes(512)));
      expect(file("memory.memsw.limit_in_bytes")).toBe(String(megabytes(512)));
      cgroups.setLimits(group, { memoryBytes: megabytes(32), memorySwapBytes: megabytes(32) });
      expect(file("memory.memsw.limit_in_bytes")).toBe(String(megabytes(32)));
      cgroups.setLimits(group, { memoryBytes: -1 });
      expect(cgroups.stats(group).memory.limitBytes).toBe(Number.POSITIVE_INFINITY);
    });

    test("setLimits() writes the other controllers, and leaves what is not given", () => {
      cgroups.setLimits(group, {
        cpuShares: 512,
        cpuQuotaMicros: 20_000,
        cpuPeriodMicros: 50_000,
        cpusetCpus: "0",
        pids: 25,
        memoryReservationBytes: 1 << 24,
        blkioWeight: 300,
      });
      cgroups.setLimits(group, { pids: 26 });
      expect(file("cpu.shares")).toBe("512");
      expect([file("cpu.cfs_quota_us"), file("cpu.cfs_period_us")]).toEqual(["20000", "50000"]);
      expect(file("cpuset.cpus")).toBe("0");
      expect(file("pids.max")).toBe("26");
      expect(file("memory.soft_limit_in_bytes")).toBe(String(1 << 24));
      if (existsSync(`${ROOT}/blkio${group}/blkio.bfq.weight`)) expect(file("blkio.bfq.weight")).toBe("300");
    });

    test("setLimits() names file and value when the kernel refuses, and a group that is gone", () => {
      expect(() => cgroups.setLimits(group, { cpusetCpus: "4000" })).toThrow(/4000 to .*one\/cpuset\.cpus/);
      expect(() => cgroups.setLimits(`${parent}/gone`, { pids: 3 })).toThrow(
        /pids\.max: no such file .*ENOENT/,
      );
    });

    test("stats() of a group that others removed is an error, and of one that got its name the new one's", async () => {
      expect(cgroups.stats(group).pids.current).toBe(0);
      for (const { root } of layout.hierarchies) if (existsSync(root + group)) rmdirSync(root + group);
      expect(() => cgroups.stats(group)).toThrow("ENOENT");
      cgroups.prepareParent(group);
      const child = startIn(layout, group);
      expect(cgroups.stats(group).pids.current).toBe(1);
      expect(cgroups.stats(group).pids.current).toBe(1);
      child.kill();
      await child.exited;
    });

    test("stats() counts what processes used", async () => {
      const child = startIn(layout, group);
      const stats = cgroups.stats(group);
      expect(stats.pids).toEqual({ current: 1, limit: undefined });
      expect(stats.cpu.perCpuNanos?.length).toBeGreaterThan(0);
      expect(stats.memory.stat).toMatch(/^total_cache \d+$/m);
      expect(stats.memory.usageBytes).toBeLessThanOrEqual(stats.memory.maxUsageBytes!);
      child.kill();
      await child.exited;
      expect(() => cgroups.stats(`${parent}/gone`)).toThrow("ENOENT");
    });

    test("freeze() stops every process until thaw(), and pids() counts children's", async () => {
      const child = startIn(layout, group);
      const state = () => readFileSync(`/proc/${child.pid}/status`, "utf8").match(/State:\t(.)/)?.[1];
      expect(cgroups.pids(parent)).toEqual([child.pid]);
      cgroups.freeze(group);
      expect(cgroups.isFrozen(group)).toBe(true);
      expect(state()).toBe("D");
      cgroups.thaw(group);
      expect(cgroups.isFrozen(group)).toBe(false);
      child.kill();
      await child.exited;
      expect(cgroups.pids(parent)).toEqual([]);
    });

    test("remove() waits for a process that is just ending, takes children along, and refuses a living one", async () => {
      cgroups.prepareParent(`${group}/deep`);
      const child = startIn(layout, `${group}/deep`);
      expect(() => cgroups.remove(parent)).toThrow("EBUSY");
      child.kill("SIGKILL");
      cgroups.remove(parent);
      expect(cgroups.exists(parent)).toBe(false);
      await child.exited;
    });
  });
});
