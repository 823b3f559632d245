/** Sizes, ages and times for people, in Docker's words. */
import { humanDuration } from "#base/human-duration.ts";
import { goPrecision } from "./go-print.ts";

const DECIMAL_UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

/** "1.24MB": multiples of 1000. @param digits significant ones; image lists show 3, other sizes 4 */
export function humanSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, DECIMAL_UNITS, digits);
}

/** "23.54GiB": multiples of 1024. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY_UNITS, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return goPrecision(value, digits) + units[unit];
}

/** "3 minutes ago", from Unix seconds. */
export function humanAge(unixSeconds: number, nowMs: number): string {
  return `${humanDuration(nowMs - unixSeconds * 1000)} ago`;
}

/** "2026-11-21 03:17:08 +0000 UTC": how Go shows a time, in the zone of this machine. */
export function goTime(unixSeconds: number, fraction = ""): string {
  const date = new Date(unixSeconds * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}${fraction} ${zoneOffset(date, "")} ${zoneName(date)}`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Thu May  7 21:09:36 2026", as C prints dates, in the zone it is written with; other texts stay as they are. */
export function goDate(rfc3339: string): string {
  const match = /^(\d+)-(\d\d)-(\d\d)T([\d:]{8})/.exec(rfc3339);
  if (!match) return rfc3339;
  const [, year, month, day, time] = match;
  const weekday = DAYS[new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDay()];
  return `${weekday} ${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

/** A time in RFC 3339 as Go shows it, in the zone it is written with. */
export function goTimeOf(rfc3339: string): string {
  const match = /^(\S+)T([\d:]+(?:\.\d+)?)(?:Z|([+-]\d\d):(\d\d))$/.exec(rfc3339);
  if (!match) return rfc3339;
  const [, day, time, hours, minutes] = match;
  return hours === undefined
    ? `${day} ${time} +0000 UTC`
    : `${day} ${time} ${hours}${minutes} ${hours}${minutes}`;
}

/** "2026-11-21T03:17:08.123456789Z" or with the zone's offset: RFC 3339 in the zone of this machine. */
export function localRfc3339(unixSeconds: number, fraction = ""): string {
  const date = new Date(unixSeconds * 1000);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return `${shifted.slice(0, 19)}${fraction}${date.getTimezoneOffset() === 0 ? "Z" : zoneOffset(date, ":")}`;
}

function zoneOffset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const two = (value: number) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(minutes) / 60))}${separator}${two(Math.abs(minutes) % 60)}`;
}

function zoneName(date: Date): string {
  if (date.getTimezoneOffset() === 0) return "UTC";
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  return /^[A-Z]+$/.test(name) ? name : zoneOffset(date, "");
}
