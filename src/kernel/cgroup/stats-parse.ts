/** Text of one of the group's files; undefined where there is none such. */
export type ReadGroupFile = (file: string) => string | undefined;

/** `key value` on each line, as memory.stat and cpu.stat have them. */
export function parseFlatKeyed(text = ""): Record<string, number> {
  const values: Record<string, number> = {};
  for (let at = 0; at < text.length; ) {
    const blank = text.indexOf(" ", at);
    const lineFeed = text.indexOf("\n", at);
    const end = lineFeed < 0 ? text.length : lineFeed;
    if (blank > at && blank < end) values[text.slice(at, blank)] = Number(text.slice(blank + 1, end));
    at = end + 1;
  }
  return values;
}

/** A count or a limit: "max", and v1's largest number of pages, are Infinity; a missing file is 0. */
export function parseAmount(text: string | undefined): number {
  if (text === undefined) return 0;
  if (text.trim() === "max") return Number.POSITIVE_INFINITY;
  const value = Number(text);
  return value >= LARGEST_V1_LIMIT ? Number.POSITIVE_INFINITY : value;
}

/** PAGE_COUNTER_MAX is 2^63 without the last page. */
const LARGEST_V1_LIMIT = 2 ** 63 - 2 ** 17;

/** pids.max; undefined when there is no limit. */
export function parsePidsLimit(text: string | undefined): number | undefined {
  const limit = text === undefined ? Number.POSITIVE_INFINITY : parseAmount(text);
  return Number.isFinite(limit) ? limit : undefined;
}
