const RETRYABLE = new Set([429, 500, 502, 503, 504]);
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 8_000;
/** A server that asks for more patience than this gets its error shown instead. */
const MAX_RETRY_AFTER_MS = 60_000;

export function isRetryableStatus(status: number): boolean {
  return RETRYABLE.has(status);
}

/**
 * How long to wait before the next try: what the server asks for, else doubling.
 * @param attempt the one that failed, from 1
 * @param retryAfter the header: seconds or an HTTP date
 * @param nowMs for the date
 * @returns undefined when the server asks for longer than we are willing to wait
 */
export function retryDelayMs(
  attempt: number,
  retryAfter: string | null | undefined,
  nowMs: number,
): number | undefined {
  const asked = askedDelayMs(retryAfter, nowMs);
  if (asked === undefined) return Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
  return asked <= MAX_RETRY_AFTER_MS ? asked : undefined;
}

function askedDelayMs(retryAfter: string | null | undefined, nowMs: number): number | undefined {
  if (!retryAfter) return undefined;
  if (/^\d{1,9}$/.test(retryAfter.trim())) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(date - nowMs, 0);
}
