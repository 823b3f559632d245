import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hermetic } from "../_testing/hermetic.ts";
import { listMounts } from "../mount/mounts.ts";
import type { CgroupLimits } from "../types.ts";
import { createCgroups } from "./cgroups.ts";
import { detectLayout } from "./detect.ts";
import { FavorDynMods } from "./favor-dynmods.ts";
import { removeGroup } from "./groups.ts";

// A cgroup2 tree can be had on hybrid hosts too. The tests see a part of it as a container would: in a control group
// namespace, where the root they see is a group with processes.
const unified = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((root) =>
  existsSync(`${root}/cgroup.controllers`),
);
const container = `${unified}/wharf-test-${process.env.WHARF_TEST_RUN}-${process.pid}`;

const enterContainer = `
for controller in $(cat ${unified}/cgroup.controllers); do
  echo +$controller >${unified}/cgroup.subtree_control || true
done
mkdir ${container}
echo $$ > ${container}/cgroup.procs
set -- unshare --cgroup --mount sh -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
`;

describe.skipIf(unified === undefined)("Cgroups on v2 hosts, inside a container", () => {
  hermetic(
    import.meta.path,
    () => {
      const layout = detectLayout(listMounts());
      const favorDynMods = new FavorDynMods(layout, listMounts());
      const cgroups = createCgroups(layout, favorDynMods);
      const procs = (group: string) =>
        readFileSync(`/sys/fs/cgroup${group}/cgroup.procs`, "utf8").split("\n");

      const read = (file: string) => readFileSync(`/sys/fs/cgroup${file}`, "utf8").trim();
      const hasControllers = layout.primary.controllers.includes("memory"); // a hybrid host's are in v1

      const children: Bun.Subprocess[] = [];
      afterAll(() => {
        for (const child of children) child.kill("SIGKILL");
      });
      const startIn = (group: string, ...command: string[]): Bun.Subprocess => {
        mkdirSync(`/sys/fs/cgroup${group}`, { recursive: true });
        const child = Bun.spawn(command.length > 0 ? command : ["sleep", "60"]);
        children.push(child);
        writeFileSync(`/sys/fs/cgroup${group}/cgroup.procs`, String(child.pid));
        return child;
      };

      test("prepareParent() moves the root's processes to a leaf, so that controllers can be handed down", () => {
        expect(layout.mode).toBe("v2");
        expect(procs("")).toContain(String(process.pid));
        cgroups.prepareParent("/wharf/containers");
        for (const group of hasControllers ? ["", "/wharf", "/wharf/containers"] : []) {
          expect(procs("/init")).toContain(String(process.pid));
          expect(read(`${group}/cgroup.subtree_control`).split(" ")).toEqual([...layout.primary.controllers]);
        }
        cgroups.prepareParent("/wharf/containers");
      });

      test("prepareParent() leaves a group that has processes one that can have them", async () => {
        const child = startIn("/busy");
        cgroups.prepareParent("/busy/below");
        expect(read("/busy/cgroup.type")).toBe("domain");
        expect(read("/busy/cgroup.subtree_control")).toBe("");
        child.kill("SIGKILL");
        await child.exited;
        cgroups.remove("/busy");
      });

      test.skipIf(!hasControllers)(
        "setLimits() writes every controller's file, and what is not given stays",
        () => {
          cgroups.prepareParent("/wharf/containers/limits");
          const file = (name: string) => read(`/wharf/containers/limits/${name}`);
          const set = (limits: CgroupLimits) => cgroups.setLimits("/wharf/containers/limits", limits);
          set({ memoryBytes: 1 << 26, memorySwapBytes: 3 << 26, memoryReservationBytes: 1 << 25 });
          set({ cpuShares: 512, cpuQuotaMicros: 20_000, cpuPeriodMicros: 50_000, cpusetCpus: "0", pids: 25 });
          expect(["memory.max", "memory.swap.max", "memory.low"].map(file)).toEqual(
            [1 << 26, 1 << 27, 1 << 25].map(String),
          );
          expect(["cpu.weight", "cpu.max", "cpuset.cpus", "pids.max"].map(file)).toEqual([
            "20",
            "20000 50000",
            "0",
            "25",
          ]);
          set({ cpuQuotaMicros: -1, pids: -1, memoryBytes: -1 });
          expect(["cpu.max", "pids.max", "memory.max", "memory.swap.max"].map(file)).toEqual([
            "max 50000",
            "max",
            "max",
            "max",
          ]);
          expect(file("cpuset.cpus")).toBe("0");
          expect(() => set({ cpusetCpus: "4000" })).toThrow(/4000 to .*limits\/cpuset\.cpus/);
        },
      );

      test.skipIf(!hasControllers)("stats() counts what processes used", async () => {
        cgroups.prepareParent("/wharf/containers");
        const group = "/wharf/containers/busy";
        const child = startIn(group, "sh", "-c", "while :; do :; done");
        while (cgroups.stats(group).cpu.totalNanos < 10_000_000) await Bun.sleep(5);
        const stats = cgroups.stats(group);
        expect(stats.cpu.userNanos + stats.cpu.systemNanos).toBeGreaterThan(0);
        expect(stats.memory.usageBytes).toBeGreaterThan(0);
        expect(stats.memory.limitBytes).toBe(Number.POSITIVE_INFINITY);
        expect(stats.memory.stat).toMatch(/^anon [1-9]/m);
        expect(stats.pids).toEqual({ current: 1, limit: undefined });
        child.kill("SIGKILL");
        await child.exited;
        cgroups.remove(group);
      });

      test("freeze() stops every process until thaw()", async () => {
        const child = startIn("/frozen");
        cgroups.freeze("/frozen");
        expect(cgroups.isFrozen("/frozen")).toBe(true);
        child.kill("SIGKILL"); // unlike in v1 it ends at once
        await child.exited;
        expect(cgroups.pids("/frozen")).toEqual([]);
        cgroups.thaw("/frozen");
        expect(cgroups.isFrozen("/frozen")).toBe(false);
        cgroups.remove("/frozen");
      });

      test("pids(), children() and stats() see groups and what is below them", async () => {
        const child = startIn("/outer/inner");
        expect(cgroups.children("/outer")).toEqual(["inner"]);
        expect(cgroups.pids("/outer")).toEqual([child.pid]);
        expect(cgroups.stats("/outer").cpu.totalNanos).toBeGreaterThanOrEqual(0);
        expect(() => cgroups.remove("/outer")).toThrow("EBUSY");
        child.kill("SIGKILL");
        cgroups.remove("/outer");
        expect(cgroups.exists("/outer")).toBe(false);
        await child.exited;
      });
    },
    { prepare: enterContainer, cleanup: () => removeGroup(container) },
  );
});
