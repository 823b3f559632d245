/**
 * Whether a storage driver works on this host, on a file system of a kind:
 * `unshare --mount bun probe-driver.ts DRIVER KIND`; the exit code says it.
 */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { createKernel } from "#kernel/linux.ts";
import type { DriverName } from "../snapshot/drivers.ts";
import { DRIVER_PROBES } from "../snapshot/probes.ts";
import { temporaryFileSystem } from "./file-systems.ts";

const [driver, kind] = process.argv.slice(2) as [DriverName, "ext4" | "btrfs"];
const directory = temporaryFileSystem(kind);
if (!directory) process.exit(1);
const reason = DRIVER_PROBES[driver].trouble({ kernel: createKernel(), directory });
Bun.spawnSync(["umount", directory]);
rmSync(dirname(directory), { recursive: true });
process.exit(reason === undefined ? 0 : 1);
