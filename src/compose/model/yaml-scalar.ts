/** What a plain YAML scalar is, as Compose's own parser decides it: YAML 1.2 with the octal and "_" of 1.1. Pure. */

const CONSTANTS: Readonly<Record<string, boolean | number | null>> = {
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
  "": null,
  "~": null,
  null: null,
  Null: null,
  NULL: null,
  ".nan": Number.NaN,
  ".NaN": Number.NaN,
  ".NAN": Number.NaN,
  ".inf": Number.POSITIVE_INFINITY,
  ".Inf": Number.POSITIVE_INFINITY,
  ".INF": Number.POSITIVE_INFINITY,
  "+.inf": Number.POSITIVE_INFINITY,
  "+.Inf": Number.POSITIVE_INFINITY,
  "+.INF": Number.POSITIVE_INFINITY,
  "-.inf": Number.NEGATIVE_INFINITY,
  "-.Inf": Number.NEGATIVE_INFINITY,
  "-.INF": Number.NEGATIVE_INFINITY,
  "-0": -0,
  "-0.0": -0,
};

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const MOMENT =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)$/;
const LARGEST_UNSIGNED = (1n << 64n) - 1n;
const SMALLEST_SIGNED = -(1n << 63n);

export type ScalarKind = "null" | "boolean" | "integer" | "float" | "timestamp" | "string";

export interface ResolvedScalar {
  readonly kind: ScalarKind;
  readonly value: string | number | bigint | boolean | null;
}

export function resolvePlainScalar(text: string): ResolvedScalar {
  if (Object.hasOwn(CONSTANTS, text)) {
    const value = CONSTANTS[text]!;
    return { kind: value === null ? "null" : typeof value === "boolean" ? "boolean" : "float", value };
  }
  if (!/^[-+.0-9]/.test(text)) return { kind: "string", value: text };
  if (isTimestamp(text)) return { kind: "timestamp", value: text };
  const plain = text.startsWith(".") ? text : text.replaceAll("_", "");
  const integer = readInteger(plain);
  if (integer !== undefined) return { kind: "integer", value: integer };
  if (FLOAT.test(plain) && Number.isFinite(Number(plain))) return { kind: "float", value: Number(plain) };
  return { kind: "string", value: text };
}

function readInteger(text: string): number | bigint | undefined {
  const match = INTEGER.exec(text);
  if (!match) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal!;
  const size = BigInt(digits);
  const value = sign === "-" ? -size : size;
  if (value > LARGEST_UNSIGNED || value < SMALLEST_SIGNED) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const PARTS = /^(\d+)-(\d+)-(\d+)(?:[Tt ](\d+):(\d+):(\d+)(\.\d+)?(Z|[-+]\d\d:\d\d)?)?$/;

/** "2020-01-01" as Go prints it: "2020-01-01 00:00:00 +0000 UTC". @param text a timestamp */
export function timestampText(text: string): string {
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] =
    PARTS.exec(text) ?? [];
  const two = (part: string | undefined) => String(Number(part)).padStart(2, "0");
  const shownFraction = fraction.replace(/0+$/, "").replace(/^\.$/, "");
  const isUtc = zone === "Z" || zone === "+00:00";
  const offset = zone.replace(":", "");
  const shownZone = isUtc ? "+0000 UTC" : `${offset} ${offset}`;
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${shownFraction} ${shownZone}`;
}

function isTimestamp(text: string): boolean {
  const match = DATE.exec(text) ?? MOMENT.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  const [hour, minute, second] = [match[4] ?? match[7], match[5] ?? match[8], match[6] ?? match[9]].map(
    (part) => Number(part ?? 0),
  );
  return (
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour! < 24 &&
    minute! < 60 &&
    second! < 60
  );
}
