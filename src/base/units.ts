import { InvalidArgument } from "./errors.ts";

const SIZE_EXPONENT: Record<string, number> = { "": 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * "512m", "1.5GiB", "64kb" to bytes; binary multiples, as Docker reads memory sizes.
 * @throws InvalidArgument for anything else
 */
export function parseBytes(text: string): number {
  const match =
    /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?$/i.exec(text.trim()) ??
    /^(\d+(?:\.\d+)?)\s*(b)$/i.exec(text.trim());
  if (!match) throw new InvalidArgument(`invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * 1024 ** SIZE_EXPONENT[match[2]!.toLowerCase()]!);
}

const DURATION_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Go durations ("1h2m3.5s", "300ms", "0") to milliseconds.
 * @throws InvalidArgument for anything else
 */
export function parseDurationMs(text: string): number {
  if (text === "0") return 0;
  const sign = text.startsWith("-") ? -1 : 1;
  const body = text.replace(/^[+-]/, "");
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(body))
    throw new InvalidArgument(`time: invalid duration "${text}"`);
  let total = 0;
  for (const [, number, unit] of body.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(number) * DURATION_MS[unit!]!;
  return sign * total;
}
