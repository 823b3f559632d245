/** A data root whose file system keeps project quotas, where the kernel can have one: not every kernel's can. */
import type { DaemonOptions } from "./daemon.ts";

const FILE_SYSTEMS = {
  ext4: "mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota",
  xfs: "mkfs.xfs -q -f",
} as const;
type FileSystem = keyof typeof FILE_SYSTEMS;

/** @returns for `useDaemon`: with such a data root on the first of these that can be had; undefined where none can */
export function projectQuotas(...preferred: readonly FileSystem[]): DaemonOptions | undefined {
  const found = preferred.find(canMount);
  return found && { prepare: `set -- "$1/data"\n${mountCommands(found)}` };
}

function canMount(fileSystem: FileSystem): boolean {
  const script = `${mountCommands(fileSystem)}; umount "$1"`;
  const argv = ["unshare", "-m", "sh", "-ec", script, "try", "/run/wharf-quota-try"];
  return Bun.spawnSync(argv, { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
}

/** The image is a file without a name: it goes with the mount. */
function mountCommands(fileSystem: FileSystem): string {
  return `
image=$(mktemp -p /tmp wharf-quota-XXXXXX)
truncate -s 512M "$image"
${FILE_SYSTEMS[fileSystem]} "$image" && mkdir -p "$1" && mount -o loop,prjquota "$image" "$1" || { rm "$image"; exit 1; }
rm "$image"`;
}
