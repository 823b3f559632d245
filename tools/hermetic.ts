/** Runs this program again where nothing it does reaches the host: own mounts, network, processes. */
const INSIDE = "WHARF_HERMETIC";

const PREPARE = `
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
ip link set lo up
exec "$@"`;

/** Part of the names of what outlives a namespace, so that runs side by side know their own. */
export const RUN = process.env.WHARF_TEST_RUN ?? crypto.randomUUID().slice(0, 8);

export function isHermetic(): boolean {
  return process.env[INSIDE] !== undefined;
}

/** The same script with these arguments, under unshare; what it leaves behind dies with it. @returns its exit code */
export function rerunHermetic(script: string, args: readonly string[]): number {
  const child = Bun.spawnSync(
    [
      ...["setpriv", "--pdeathsig", "KILL"], // also when we are killed ourselves
      ...["unshare", "-mnpiu", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", "-ec", PREPARE, "prepare", process.execPath, script, ...args],
    ],
    {
      env: { ...process.env, [INSIDE]: "1", WHARF_TEST_RUN: RUN, TMPDIR: "/tmp" },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    },
  );
  return child.exitCode ?? 1;
}
