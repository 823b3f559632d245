import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { SystemDataUsage } from "#spec/docker/disk-usage.ts";
import { IS_DOCKERD, WHARF } from "../helpers/daemon.ts";
import { isDriverPossible } from "../helpers/drivers.ts";
import { useDaemon } from "../helpers/suite.ts";

interface DriverCase {
  readonly driver: string;
  readonly fileSystem: "ext4" | "btrfs";
}

const CASES: readonly DriverCase[] = [
  { driver: "erofs", fileSystem: "ext4" },
  { driver: "btrfs", fileSystem: "btrfs" },
  { driver: "fuse-overlayfs", fileSystem: "ext4" },
];

const MAKE = {
  ext4: 'truncate -s 256M "$1/fs"; mkfs.ext4 -q -F "$1/fs"',
  btrfs: 'truncate -s 256M "$1/fs"; mkfs.btrfs -q "$1/fs"',
} as const;

for (const { driver, fileSystem } of CASES) {
  describe.skipIf(!isDriverPossible(driver, fileSystem))(
    `--storage-driver ${driver} (where it works, on ${fileSystem})`,
    () => {
      const daemon = useDaemon({
        flags: ["--storage-driver", driver],
        prepare: `set -e; ${MAKE[fileSystem]}; mkdir "$1/data"; mount -o loop "$1/fs" "$1/data"`,
      });
      const docker = (...args: string[]) => daemon().dockerText(...args);

      test("containers run, change, are committed, saved and loaded", async () => {
        expect(await docker("info", "-f", "{{.Driver}}")).toBe(driver);
        await docker(
          "run",
          "--name",
          "one",
          "busybox",
          "sh",
          "-c",
          "echo new > /etc/new; rm /bin/vi; chmod 4711 /etc/new",
        );
        expect(await docker("diff", "one")).toContain("A /etc/new");
        await docker("commit", "one", "changed:1");
        const see = "cat /etc/new; ls /bin/vi 2>&1; stat -c %a /etc/new";
        const seen = "new\nls: /bin/vi: No such file or directory\n4711";
        expect((await daemon().docker("run", "--rm", "changed:1", "sh", "-c", see)).stdout.trim()).toBe(seen);
        const saved = join(daemon().machine.directory, "saved.tar");
        await docker("save", "-o", saved, "changed:1");
        await docker("rm", "one");
        await docker("rmi", "changed:1");
        await docker("load", "-i", saved);
        expect((await daemon().docker("run", "--rm", "changed:1", "sh", "-c", see)).stdout.trim()).toBe(seen);
      });

      test("system df is what du sees, within one percent", async () => {
        const write =
          "head -c 4000000 /dev/urandom >/data/kept; head -c 6000000 /dev/urandom >/own; echo said";
        await docker("run", "--name", "writer", "-v", "data:/data", "busybox", "sh", "-c", write);
        await docker("commit", "writer", "written:1");
        const { machine, dataRoot } = daemon();
        const { json } = await daemon().api("GET", "/v1.51/system/df");
        const { LayersSize, Containers, Volumes } = json as {
          readonly [K in "LayersSize" | "Containers" | "Volumes"]: NonNullable<SystemDataUsage[K]>;
        };
        const told =
          LayersSize +
          Containers.reduce((sum, { SizeRw }) => sum + (SizeRw ?? 0), 0) +
          Volumes.reduce((sum, { UsageData }) => sum + UsageData!.Size, 0);
        // images of layers are mounted below the data root while they are used: what they show is not there once more
        const flags = driver === "erofs" ? "-xsc" : "-sc";
        const script = `cd ${dataRoot} && du ${flags} --block-size=1 ${driver} content volumes containers | tail -1`;
        const seen = Number.parseInt(await machine.text(["sh", "-c", script]), 10);
        expect([told, Math.abs(told - seen) / seen < 0.01]).toEqual([told, true]);
        await docker("rm", "-v", "writer");
        await docker("volume", "rm", "data");
        await docker("rmi", "written:1");
      });

      test("a running container and its files outlive a crash of the daemon", async () => {
        await docker("run", "-d", "--name", "living", "busybox", "sh", "-c", "echo 1 > /x; sleep 600");
        await daemon().kill();
        await daemon().start();
        expect(await docker("exec", "living", "sh", "-c", "cat /x; ls /bin/sh")).toBe("1\n/bin/sh");
        await docker("restart", "-t", "0", "living");
        expect(await docker("exec", "living", "cat", "/x")).toBe("1");
        await docker("rm", "-f", "living");
      });

      test("another driver is refused while images are here, and says what to do", async () => {
        await daemon().kill("SIGTERM");
        const { machine, dataRoot } = daemon();
        const root = ["--data-root", dataRoot, "--exec-root", "/run/other", "-H", "unix:///run/other.sock"];
        const other = await machine.run([WHARF, "daemon", ...root, "--storage-driver", "vfs"]);
        expect(other.exitCode).not.toBe(0);
        expect(other.stderr + other.stdout).toContain(`its images and containers were made with ${driver}`);
        expect(other.stderr + other.stdout).toContain(`--storage-driver=${driver}`);
        await daemon().start();
        expect(await docker("run", "--rm", "busybox", "echo", "back")).toBe("back");
      });
    },
  );
}

describe.skipIf(IS_DOCKERD || process.getuid?.() !== 0)("a storage driver that cannot be had", () => {
  const daemon = useDaemon({ images: [] });

  test("is refused with the reason and the choice, by flag and by file", async () => {
    const { machine } = daemon();
    const config = join(machine.directory, "other.json");
    await Bun.write(machine.outside(config), '{"storage-driver": "zfs"}');
    const root = join(machine.directory, "other");
    const start = async (...flags: string[]) => {
      const roots = ["--data-root", root, "--exec-root", "/run/other", "-H", "unix:///run/other.sock"];
      const { exitCode, stderr, stdout } = await machine.run([WHARF, "daemon", ...roots, ...flags]);
      expect(exitCode).not.toBe(0);
      return stderr + stdout;
    };
    expect(await start("--storage-driver", "zfs")).toContain('storage driver "zfs" is not supported');
    expect(await start("--config-file", config)).toContain("overlay2, erofs, btrfs, fuse-overlayfs, vfs");
    const onTmpfs = await start("--storage-driver", "btrfs");
    expect(onTmpfs).toContain("storage driver btrfs does not work in");
    expect(onTmpfs).toContain("put the data root on btrfs");
  });
});
