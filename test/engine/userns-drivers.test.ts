/** --userns-remap where a container's root is put together in other ways than by overlayfs from directories. */
import { describe, expect, test } from "bun:test";
import { release } from "node:os";
import { isDriverPossible } from "../helpers/drivers.ts";
import { until, useDaemon } from "../helpers/suite.ts";

const PREPARE = `
for kind in uid gid; do
  printf 'mapped:150000:70000\\n' >"$1/sub$kind"
  touch /etc/sub$kind
  mount --bind "$1/sub$kind" /etc/sub$kind
done
truncate -s 256M "$1/fs"; mkfs.ext4 -q -F "$1/fs"; mkdir "$1/data"; mount -o loop "$1/fs" "$1/data"`;

const [major = 0, minor = 0] = release().split(".").map(Number);
/** ext4 shows shifted ids from Linux 5.19 on. */
const canShift = major > 5 || (major === 5 && minor >= 19);

for (const driver of ["erofs", "fuse-overlayfs"]) {
  describe.skipIf(!canShift || !isDriverPossible(driver, "ext4"))(
    `remapped users and --storage-driver ${driver} (where it works)`,
    () => {
      const daemon = useDaemon({
        flags: ["--storage-driver", driver, "--userns-remap", "mapped"],
        prepare: PREPARE,
      });
      const docker = (...args: string[]) => daemon().dockerText(...args);
      const onHost = async (script: string) => (await daemon().machine.text(["sh", "-c", script])).trim();
      const script =
        "id -u; stat -c %u:%g / /bin/sh; echo x >/made; chown 7:8 /made; rm /etc/passwd; echo y >>/etc/group; stat -c %u:%g /made /etc/group";

      test("the container's root owns its files, and on disk they are root's", async () => {
        await docker("run", "--name", "files", "busybox", "sh", "-c", script);
        expect(await docker("logs", "files")).toBe("0\n0:0\n0:0\n7:8\n0:0");
        const upper = await docker("inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", "files");
        expect(await onHost(`stat -c %u:%g ${upper}/made ${upper}/etc/group`)).toBe("7:8\n0:0");
        const changes = (await docker("diff", "files")).split("\n").sort();
        expect(changes).toEqual(["A /made", "C /etc", "C /etc/group", "D /etc/passwd"]);
        await docker("commit", "files", "changed");
        await docker("rm", "files");
        const see = "stat -c %u:%g /made; ls /etc/passwd 2>&1 || true; tail -1 /etc/group";
        expect(await docker("run", "--rm", "changed", "sh", "-c", see)).toBe(
          "7:8\nls: /etc/passwd: No such file or directory\ny",
        );
        await docker("rmi", "changed");
      });

      test("a running one is nobody on the host, its files can be copied, and it outlives the daemon", async () => {
        await docker("run", "-d", "--name", "stays", "busybox", "sleep", "1000");
        const pid = await docker("inspect", "-f", "{{.State.Pid}}", "stays");
        expect(await onHost(`awk '/^[UG]id:/ {print $2}' /proc/${pid}/status`)).toBe("150000\n150000");
        await onHost("echo hello >/run/hello");
        await docker("cp", "/run/hello", "stays:/root/hello");
        await daemon().kill();
        await daemon().start();
        const see = "stat -c %u /root/hello && cat /root/hello && touch /new && stat -c %u /new";
        expect(await docker("exec", "stays", "sh", "-c", see)).toBe("0\nhello\n0");
        await docker("restart", "-t", "0", "stays");
        expect(await docker("exec", "stays", "sh", "-c", see)).toBe("0\nhello\n0");
        expect(await docker("run", "--rm", "--userns=host", "busybox", "cat", "/proc/self/uid_map")).toMatch(
          /^\s*0\s+0\s/,
        );
        await docker("rm", "-f", "stays");
      });

      test("nothing holds the layers of containers that are gone, nor the disk they were on", async () => {
        await docker("run", "--name", "more", "busybox", "touch", "/x");
        await docker("commit", "more", "two-layers");
        await docker("run", "--rm", "two-layers", "ls", "/x");
        await docker("rm", "more");
        await docker("rmi", "two-layers", "busybox");
        const { execRoot, dataRoot } = daemon();
        expect(await onHost(`find ${execRoot}/shifted/layers -mindepth 1 2>/dev/null || true`)).toBe("");
        const clean = (left: readonly string[]) => left.length === 0;
        expect(await until("clean", () => daemon().leftovers(), clean)).toEqual([]);
        await daemon().kill("SIGTERM");
        await onHost(`umount ${execRoot}/shifted/data`);
        const unmount = () => daemon().machine.run(["umount", dataRoot]);
        await until("unmounted", unmount, ({ exitCode }) => exitCode === 0);
      });
    },
  );
}
