import { readIfExists } from "#base/fs.ts";

/** Named in a message; more would not help. */
const MAX_NAMED = 3;

/**
 * Why processes do not end, as far as the kernel tells: "123 (dd, D (disk sleep) in nfs_wait_bit_killable)".
 * @param pids in the host's pid namespace @param proc where proc is mounted
 */
export function describeStuck(pids: readonly number[], proc = "/proc"): string {
  const named = pids.slice(0, MAX_NAMED).map((pid) => describe(pid, proc));
  const more = pids.length > MAX_NAMED ? ` and ${pids.length - MAX_NAMED} more` : "";
  return `${named.join(", ")}${more}`;
}

function describe(pid: number, proc: string): string {
  const status = readIfExists(`${proc}/${pid}/status`) ?? "";
  const field = (name: string) => new RegExp(`^${name}:\\t(.*)$`, "m").exec(status)?.[1];
  const place = readIfExists(`${proc}/${pid}/wchan`);
  const where = place && place !== "0" ? ` in ${place}` : "";
  const name = field("Name");
  return name === undefined ? `${pid}` : `${pid} (${name}, ${field("State")}${where})`;
}
