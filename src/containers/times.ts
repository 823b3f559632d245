/** Docker's way to say "never" in a timestamp. */
export const NEVER = "0001-01-01T00:00:00Z";

const NANOS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 in UTC, always with nine digits after the point, so that texts sort as times do. */
export function formatNanos(nanos: bigint): string {
  const seconds = nanos / NANOS_PER_SECOND;
  const fraction = (nanos % NANOS_PER_SECOND).toString().padStart(9, "0");
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** Nanoseconds since 1970 of an RFC 3339 text with any number of digits; undefined for `NEVER` and for no timestamp. */
export function parseNanos(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match || text === NEVER) return undefined;
  const ms = Date.parse(match[1]! + match[3]!);
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

export function millisOf(text: string): number {
  const nanos = parseNanos(text);
  return nanos === undefined ? 0 : Number(nanos / 1_000_000n);
}

/** Times that never repeat, so that what was made in one millisecond still has an order. */
export class Ticker {
  readonly #nowMs: () => number;
  #last = 0n;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  now(): string {
    const clock = BigInt(Math.floor(this.#nowMs())) * 1_000_000n;
    this.#last = clock > this.#last ? clock : this.#last + 1n;
    return formatNanos(this.#last);
  }
}
