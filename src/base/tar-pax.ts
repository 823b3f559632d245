/**
 * PAX extended headers: "LENGTH KEY=VALUE\n" records that override fields of the header after them.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html "pax Extended Header"
 */
import { decodeRaw, encodeRaw } from "./raw-text.ts";
import type { TarTime } from "./tar-header.ts";

export interface PaxRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** @throws Error with the reason when a record is malformed */
export function parsePax(bytes: Uint8Array): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let start = 0; start < bytes.byteLength; ) {
    const space = bytes.indexOf(0x20, start);
    const digits = space < 0 ? "" : decodeRaw(bytes.subarray(start, Math.min(space, start + 20)));
    const end = start + Number(digits);
    if (!/^\d+$/.test(digits) || end > bytes.byteLength || bytes[end - 1] !== 0x0a || end <= space + 1)
      throw new Error("malformed PAX header");
    const equals = bytes.indexOf(0x3d, space);
    if (equals < 0 || equals >= end || equals === space + 1) throw new Error("malformed PAX header");
    records.push({
      key: decodeRaw(bytes.subarray(space + 1, equals)),
      value: bytes.slice(equals + 1, end - 1),
    });
    start = end;
  }
  return records;
}

/** Records in the order given. */
export function encodePax(records: readonly PaxRecord[]): Uint8Array {
  return Buffer.concat(records.map(encodeRecord));
}

function encodeRecord({ key, value }: PaxRecord): Uint8Array {
  const body = Buffer.concat([Buffer.from(" "), encodeRaw(key), Buffer.from("="), value, Buffer.from("\n")]);
  let length = body.byteLength;
  while (length !== body.byteLength + String(length).length) length = body.byteLength + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/**
 * Decimal seconds, with or without a fraction, to a time: by its digits, not as a double.
 * @returns undefined when the text is none; digits beyond nanoseconds are cut off
 */
export function parsePaxTime(text: string): TarTime | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (!match) return undefined;
  const seconds = Number(match[2]);
  const nanos = Number((match[3] ?? "").slice(0, 9).padEnd(9, "0"));
  if (match[1] === "") return { seconds, nanos };
  return nanos === 0 ? { seconds: 0 - seconds, nanos: 0 } : { seconds: -seconds - 1, nanos: 1e9 - nanos };
}

/** The opposite of `parsePaxTime`. */
export function formatPaxTime({ seconds, nanos }: TarTime): string {
  if (nanos === 0) return String(seconds);
  const [sign, whole, fraction] = seconds < 0 ? ["-", -seconds - 1, 1e9 - nanos] : ["", seconds, nanos];
  return `${sign}${whole}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
}
