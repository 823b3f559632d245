/** The small languages of resource flags. */
import { parseBytes } from "#base/units.ts";
import type { RestartPolicy, ThrottleDevice, Ulimit, WeightDevice } from "#spec/docker/containers.ts";

const ULIMITS = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  ),
);

/** "nofile=1024:2048"; -1 means no limit. @throws Error */
export function parseUlimit(text: string): Ulimit {
  const [, name, limits] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || limits === undefined) throw new Error(`invalid ulimit argument: ${text}`);
  if (!ULIMITS.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const values = limits.split(":");
  if (values.length > 2)
    throw new Error(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``);
  const [soft = 0, hard = soft] = values.map(parseInteger);
  const rule = "ulimit soft limit must be less than or equal to hard limit";
  if (soft === -1 && hard !== -1) throw new Error(`${rule}: soft: -1 (unlimited), hard: ${hard}`);
  if (hard !== -1 && soft > hard) throw new Error(`${rule}: ${soft} > ${hard}`);
  return { Name: name, Hard: hard, Soft: soft };
}

function parseInteger(text: string): number {
  if (!/^-?\d+$/.test(text))
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** "/dev/sda:1mb": bytes for each second. @throws Error */
export function parseByteRate(text: string): ThrottleDevice {
  const { path, value } = splitDevice(text);
  try {
    return { Path: path, Rate: parseBytes(value) };
  } catch (error) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. ` +
        "Number must be a positive integer. Unit is optional and can be kb, mb, or gb",
      { cause: error },
    );
  }
}

/** "/dev/sda:100": operations for each second. @throws Error */
export function parseOperationRate(text: string): ThrottleDevice {
  const { path, value } = splitDevice(text);
  if (!/^\d+$/.test(value))
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  return { Path: path, Rate: Number(value) };
}

/** "/dev/sda:200". @throws Error */
export function parseDeviceWeight(text: string): WeightDevice {
  const { path, value } = splitDevice(text);
  const weight = /^\d+$/.test(value) ? Number(value) : -1;
  if (weight !== 0 && (weight < 10 || weight > 1000)) throw new Error(`invalid weight for device: ${text}`);
  return { Path: path, Weight: weight };
}

function splitDevice(text: string): { path: string; value: string } {
  const [path, value, ...more] = text.split(":");
  if (!path || value === undefined || more.length > 0) throw new Error(`bad format: ${text}`);
  if (!path.startsWith("/dev/")) throw new Error(`bad format for device path: ${text}`);
  return { path, value };
}

const SYSCTLS = new Set(
  "kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced".split(
    " ",
  ),
);

/** Only settings that a namespace keeps to itself. @throws Error */
export function checkSysctl(text: string): void {
  const name = text.includes("=") ? text.slice(0, text.indexOf("=")) : "";
  if (!SYSCTLS.has(name) && !name.startsWith("net.") && !name.startsWith("fs.mqueue."))
    throw new Error(`sysctl '${text}' is not allowed`);
}

/** "no", "always", "unless-stopped" or "on-failure:5"; the engine checks the name. @throws Error */
export function parseRestartPolicy(text: string): RestartPolicy {
  if (text === "") return {};
  const [, name = "", count] = /^([^:]*)(?::(.*))?$/s.exec(text)!;
  if (name === "") throw new Error("invalid restart policy format: no policy provided before colon");
  if (count === undefined) return { Name: name as RestartPolicy["Name"] };
  if (!/^-?\d+$/.test(count))
    throw new Error("invalid restart policy format: maximum retry count must be an integer");
  return { Name: name as RestartPolicy["Name"], MaximumRetryCount: Number(count) };
}

/** Capability names as the API has them: upper case, "CAP_" in front, each once, sorted. */
export function normaliseCapabilities(names: readonly string[]): string[] {
  const normal = names.map((name) => {
    const upper = name.trim().toUpperCase();
    return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  });
  return [...new Set(normal)].sort();
}
