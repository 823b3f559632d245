import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { openMemoryState } from "#state/memory.ts";
import { pluginsIn } from "./_testing/plugins-in.ts";
import { createVolumes } from "./volumes.ts";

function unused(): never {
  throw new Error("not used here");
}

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  let count = 0;

  function setUp() {
    const dataRoot = `/run/volumes-${++count}`;
    const clock = { now: () => Date.now(), sleep: async () => {} };
    const files = { copy: async () => {}, read: () => unused(), write: async () => {} };
    const freeze = () => unused();
    const deps = {
      kernel,
      state: openMemoryState(),
      events: { emit() {} },
      log: silentLog,
      clock,
      files,
      freeze,
    };
    return { dataRoot, engine: () => createVolumes({ dataRoot, ...deps, plugins: pluginsIn(dataRoot) }) };
  }

  test("remove() of a volume that shows a host directory leaves the directory's files", async () => {
    const { dataRoot, engine } = setUp();
    const volumes = engine();
    mkdirSync("/run/host-data");
    writeFileSync("/run/host-data/precious", "data");
    const { mountpoint } = await volumes.create({
      Name: "host",
      DriverOpts: { type: "none", device: "/run/host-data", o: "bind" },
    });
    await volumes.mount("host", "c1");
    expect(readdirSync(mountpoint)).toEqual(["precious"]);
    await volumes.unmount("host", "c1");
    await volumes.remove("host", { force: false });
    expect(existsSync("/run/host-data/precious")).toBe(true);
    expect(readdirSync(join(dataRoot, "volumes"))).toEqual([]);
  });

  test("a tmpfs volume has its options and ends with its last container", async () => {
    const { engine } = setUp();
    const volumes = engine();
    const { mountpoint } = await volumes.create({
      Name: "ram",
      DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=64k,nosuid,uid=70" },
    });
    await volumes.create({ Name: "ram" }, { user: "c1" });
    await volumes.mount("ram", "c1");
    const entry = kernel.mounts.list().find(({ target }) => target === mountpoint);
    expect(entry?.options).toContain("nosuid");
    expect(entry?.superOptions).toEqual(expect.arrayContaining(["size=64k", "uid=70"]));
    await volumes.release("c1");
    expect(kernel.mounts.isMountPoint(mountpoint)).toBe(false);
  });

  test("mount() gives the kernel's own words", async () => {
    const { engine } = setUp();
    const volumes = engine();
    await volumes.create({ Name: "bad", DriverOpts: { type: "ext4", device: "/run/none" } });
    await expect(volumes.mount("bad", "c1")).rejects.toThrow(
      /failed to mount local volume: mount .*: no such file or directory/,
    );
  });

  test("mount() names a file system that the kernel does not have, and the remedy", async () => {
    const { engine } = setUp();
    const volumes = engine();
    await volumes.create({ Name: "bad", DriverOpts: { type: "nosuchfs", device: "x" } });
    const error = await volumes.mount("bad", "c1").catch((failure) => failure);
    expect(error.message).toEndWith("no such device");
    expect(error.hint).toStartWith(
      `the kernel has no file system "nosuchfs": load it with 'modprobe nosuchfs'`,
    );
  });
});
