/** Points in time on the command line: `--since`, `--until`. */
import { parseDurationMs } from "#base/units.ts";

const DATE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * "42m" (before now), "2026-01-02T10:00:00Z" and its shorter forms (in the zone of this machine unless they say), or Unix
 * seconds; as the API has it: Unix seconds with a fraction.
 * @throws Error when the text is none of these
 */
export function parseTimestamp(text: string, nowMs: number): string {
  if (/^\d+(?:\.\d+)?$/.test(text)) return text;
  const date = DATE.exec(text);
  if (date) return fromDate(date, text);
  try {
    return String(Math.floor((nowMs - parseDurationMs(text)) / 1000));
  } catch (error) {
    throw unreadable(text, error);
  }
}

function fromDate(
  [, day, hours = "00", minutes = "00", seconds = "00", fraction = "", zone = ""]: RegExpExecArray,
  text: string,
): string {
  const ms = Date.parse(`${day}T${hours}:${minutes}:${seconds}${zone}`);
  if (Number.isNaN(ms)) throw unreadable(text, undefined);
  return `${ms / 1000}.${fraction.slice(1).padEnd(9, "0")}`;
}

function unreadable(text: string, cause: unknown): Error {
  return new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`, { cause });
}
