/**
 * A group's limits as properties of the systemd unit whose group it is. systemd writes its own view into the files again
 * at every reload, so it has to be told what was changed behind its back. What it has no property for (rates of devices,
 * real-time shares, swappiness) it leaves alone.
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.resource-control.html
 */

type Read = (file: string) => string | undefined;
type Property = (read: Read) => string | undefined;

const V1: readonly Property[] = [
  bytes("MemoryLimit", "memory.limit_in_bytes"),
  (read) => named("CPUShares", read("cpu.shares")),
  (read) => cpuQuota(read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")),
  bytes("TasksMax", "pids.max"),
  (read) => named("BlockIOWeight", read("blkio.weight")),
];

const V2: readonly Property[] = [
  bytes("MemoryMax", "memory.max"),
  bytes("MemorySwapMax", "memory.swap.max"),
  bytes("MemoryLow", "memory.low"),
  (read) => named("CPUWeight", read("cpu.weight")),
  (read) => {
    const [quota, period] = (read("cpu.max") ?? "").split(" ");
    return cpuQuota(quota, period);
  },
  (read) => named("AllowedCPUs", read("cpuset.cpus")),
  (read) => named("AllowedMemoryNodes", read("cpuset.mems")),
  bytes("TasksMax", "pids.max"),
  (read) => named("IOWeight", /^default (\d+)/.exec(read("io.weight") ?? "")?.[1]),
];

/** "MemoryMax=67108864" and so on, for what the group's files hold now. */
export function unitProperties(version: 1 | 2, read: Read): string[] {
  const trimmed: Read = (file) => read(file)?.trim();
  return (version === 1 ? V1 : V2).flatMap((property) => property(trimmed) ?? []);
}

function named(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${name}=${value}`;
}

/** v1 writes "no limit" of memory as a number that nobody has. */
function bytes(name: string, file: string): Property {
  return (read) => {
    const text = read(file);
    return named(name, text === "max" || Number(text) >= 2 ** 62 ? "infinity" : text);
  };
}

/** Percent of one processor, which systemd takes to the hundredth; none is the empty text. */
function cpuQuota(quota: string | undefined, period: string | undefined): string | undefined {
  if (quota === undefined || quota === "") return undefined;
  const share = Number(quota) / Number(period);
  return share > 0 ? `CPUQuota=${(share * 100).toFixed(2)}%` : "CPUQuota=";
}
