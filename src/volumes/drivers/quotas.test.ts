import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import type { VolumeRecord } from "../types.ts";
import { LocalDriver } from "./local.ts";
import { projectQuotas } from "./quotas.ts";

const MEBIBYTE = 1 << 20;
const ROOT = "/run/volume-quotas";
/** ext4 on a file; the kernel's part is not in every kernel. */
const MOUNT = `
truncate -s 256M /run/volume-quotas.img
mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota /run/volume-quotas.img
mount -o loop,prjquota /run/volume-quotas.img ${ROOT}`;

hermetic(import.meta.path, () => {
  mkdirSync(ROOT, { recursive: true });
  const { exitCode } = Bun.spawnSync(["sh", "-ec", MOUNT], { stdout: "ignore", stderr: "ignore" });

  test.skipIf(exitCode !== 0)(
    "a volume holds as much as its size says, and its neighbour more (needs project quotas)",
    async () => {
      const directory = `${ROOT}/volumes`;
      const used: number[] = [];
      const local = new LocalDriver({
        directory,
        mounts: createKernel().mounts,
        resolve: async () => undefined,
        quotas: projectQuotas(directory, () => used),
      });
      const volume = (name: string, size: number): VolumeRecord => {
        const options = { size: `${size}` };
        const common = { driver: "local", mountpoint: "", createdAt: "", labels: {}, anonymous: false };
        return { name, options, ...common, ...local.check({ name, options }) };
      };
      const small = volume("small", 4 * MEBIBYTE);
      const large = volume("large", 16 * MEBIBYTE);
      expect(small.quota?.project).not.toBe(large.quota?.project);
      for (const one of [small, large]) await local.create(one);
      // On ext4 quotas do not bind who may exceed resources, and containers may not.
      const fill = (name: string) =>
        Bun.spawnSync([
          ...["setpriv", "--bounding-set", "-sys_resource", "dd", "if=/dev/zero"],
          ...[`of=${local.mountpoint(name)}/file`, "bs=1M", "count=8", "conv=fsync"],
        ]);
      const full = fill("small");
      expect(full.stderr.toString()).toMatch(/quota exceeded|No space left/i);
      expect(fill("large").exitCode).toBe(0);
    },
  );
});
