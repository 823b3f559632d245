/** Values of log options, refused in the words Docker's drivers use. */
import { InvalidArgument } from "#base/errors.ts";
import { parseBytes } from "#base/units.ts";

export type LogOptions = Readonly<Record<string, string>>;

const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** As Go's strconv.ParseBool. */
export function parseYesNo(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new InvalidArgument(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export function parseWhole(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text))
    throw new InvalidArgument(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

export function parseUnsigned(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgument(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

const DECIMAL_EXPONENT: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** "10m" is ten million: where Docker reads sizes as of disks, not of memory. */
export function parseDecimalBytes(text: string): number {
  parseBytes(text); // the same words for what is no size
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)/i.exec(text.trim())!;
  const isBinary = /i/i.test(text);
  return Math.floor(Number(number) * (isBinary ? 1024 : 1000) ** DECIMAL_EXPONENT[unit!.toLowerCase()]!);
}

/** A failure of `read` with words before its own. */
export function explain<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidArgument(`${prefix}: ${(error as Error).message}`, { cause: error });
  }
}

/** Regular expressions of `labels-regex` and `env-regex`. */
export function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, "");
    throw new InvalidArgument(`error parsing regexp: ${reason}: \`${text}\``);
  }
}

/** @throws InvalidArgument "unknown log opt 'x' for y log driver" */
export function checkKnown(driver: string, options: LogOptions, known: readonly string[]): void {
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new InvalidArgument(`unknown log opt '${name}' for ${driver} log driver`);
}

/** What every driver that tells more than the text takes. */
export const ATTRIBUTE_OPTIONS = ["labels", "labels-regex", "env", "env-regex", "tag"] as const;
