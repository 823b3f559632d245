import { expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { runOrThrow } from "#base/spawn.ts";
import { hermetic } from "../_testing/hermetic.ts";
import { createKernel } from "../linux.ts";

const MAPPING = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
const MOUNTER = { uid: 100_000, gid: 100_000 };

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  const request = { uids: MAPPING, gids: MAPPING };

  test("create() pins a user namespace and a network namespace it owns", async () => {
    const [path, networkPath] = ["/run/userns/one", "/run/netns/one"];
    await kernel.userns.create({ path, networkPath, ...request });
    const inside = ["nsenter", `--user=${path}`, `--net=${networkPath}`, "-S", "0", "-G", "0"];
    const { stdout } = await runOrThrow([...inside, "sh", "-c", "cat /proc/self/uid_map; ip link set lo up"]);
    expect(stdout.trim().split(/\s+/)).toEqual(["0", "100000", "65536"]);
    using network = kernel.netns.create(networkPath); // takes what was prepared
    expect(network.netlink.links().map(({ name, up }) => [name, up])).toEqual([["lo", true]]);
    kernel.netns.remove(networkPath);
    kernel.userns.remove(path);
    expect([existsSync(path), existsSync(networkPath)]).toEqual([false, false]);
  });

  const [major = 0, minor = 0] = release().split(".").map(Number);
  const canShiftTmpfs = major > 6 || (major === 6 && minor >= 3);
  test.skipIf(!canShiftTmpfs)(
    "shifted directories make an overlay whose disk keeps the plain ids",
    async () => {
      await kernel.userns.create({ path: "/run/userns/map", ...request });
      for (const name of ["lower", "upper", "work"]) mkdirSync(`/run/disk/${name}`, { recursive: true });
      for (const name of ["mapped", "root"]) mkdirSync(`/run/${name}`);
      writeFileSync("/run/disk/lower/a", "a");
      writeFileSync("/run/disk/lower/b", "b");
      kernel.mounts.bind("/run/disk", "/run/mapped", { idsOf: "/run/userns/map" });
      kernel.mounts.overlay({
        target: "/run/root",
        lower: ["/run/mapped/lower"],
        upper: "/run/mapped/upper",
        work: "/run/mapped/work",
        options: ["index=off", "metacopy=off"],
        mounter: MOUNTER,
      });
      const script = "cd /run/root && stat -c %u a && echo more >>a && rm b && mkdir d && chown 7:7 d";
      const enter = ["nsenter", "--user=/run/userns/map", "-S", "0", "-G", "0", "sh", "-c", script];
      expect((await runOrThrow(enter)).stdout).toBe("0\n");
      expect(statSync("/run/root/a").uid).toBe(100_000);
      expect([statSync("/run/disk/upper/a").uid, statSync("/run/disk/upper/d").uid]).toEqual([0, 7]);
      expect(lstatSync("/run/disk/upper/b").isCharacterDevice()).toBe(true);
      writeFileSync("/run/after", "");
      expect(statSync("/run/after").uid).toBe(0); // this thread is root again, with all it may do
      expect(readFileSync("/proc/self/status", "utf8")).toMatch(/^Uid:\s+0\s+0\s+0\s+0$/m);
    },
  );
});
