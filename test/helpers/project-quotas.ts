/** A data root whose file system keeps project quotas, where the kernel can have one. */
/** ext4 on a file, with project quotas; its kernel part is not in every kernel. */
const MOUNT = `
image=$(mktemp -p /tmp wharf-quota-XXXXXX)
truncate -s 512M "$image"
mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota "$image"
mkdir -p "$1"
mount -o loop,prjquota "$image" "$1" || { rm "$image"; exit 1; }
rm "$image"`;
export const hasQuotas =
  Bun.spawnSync(["unshare", "-m", "sh", "-ec", `${MOUNT}; umount "$1"`, "try", "/run/wharf-quota-try"], {
    stdout: "ignore",
    stderr: "ignore",
  }).exitCode === 0;

/** For `useDaemon`: with such a data root where it can be had. */
export const WITH_QUOTAS = hasQuotas ? { prepare: `set -- "$1/data"\n${MOUNT}` } : {};
