/** Durations, byte sizes and command lines as Compose reads and prints them. Pure. */

const UNIT_NS: Readonly<Record<string, number>> = {
  w: 7 * 24 * 3600e9,
  d: 24 * 3600e9,
  h: 3600e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ns: 1,
};

/**
 * "1m30s", "1d", "0" to nanoseconds.
 * @throws Error for anything else
 */
export function parseDurationNs(text: string): number {
  if (/^[-+]?0$/.test(text)) return 0;
  const [, sign, body] = /^([-+]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ms|us|µs|μs|ns|[wdhms]))+)$/.exec(text) ?? [];
  if (body === undefined) throw new Error(`invalid duration "${text}"`);
  let total = 0;
  for (const [, amount, unit] of body.matchAll(/([\d.]+)([a-zµμ]+)/g))
    total += Number(amount) * UNIT_NS[unit!]!;
  return (sign === "-" ? -1 : 1) * Math.round(total);
}

/** Nanoseconds as Go prints them: "1m30s", "1.5ms", "0s". */
export function durationText(ns: number): string {
  if (ns === 0) return "0s";
  const sign = ns < 0 ? "-" : "";
  const size = BigInt(Math.abs(ns));
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1000n)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`;
  const minutes = size / 60_000_000_000n;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n
    ? `${sign}${minutes}m${seconds}`
    : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = String(value % unit)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(value / unit) : `${value / unit}.${fraction}`;
}

const EXPONENTS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * "512m", "1.5gb", "64KiB", "-1" to bytes.
 * @throws Error for anything else
 */
export function parseByteSize(text: string): number {
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  const [, amount, unit] = /^(\d+(?:\.\d+)?|\.\d+) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (amount === undefined) throw new Error(`invalid size: '${text}'`);
  return Math.trunc(Number(amount) * 1024 ** EXPONENTS[unit!.toLowerCase()]!);
}
