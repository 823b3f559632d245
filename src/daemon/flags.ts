import { InvalidArgument } from "#base/errors.ts";
import { DAEMON_OPTIONS, type OptionName, settingName } from "./options.ts";
import { isHonoured, REFUSED_OPTIONS, type RefusedOption } from "./refused-options.ts";

/** Option values under the names of `settingName`: text, number, true or false, list or map, as their kind says. */
export type Settings = Readonly<Record<string, SettingValue>>;
export type SettingValue =
  | string
  | boolean
  | number
  | readonly string[]
  | Readonly<Record<string, unknown>>
  | readonly Readonly<Record<string, unknown>>[];

/**
 * Reads the daemon's command line.
 * @throws InvalidArgument for an unknown flag, a value that does not fit, or a flag this version does not have
 */
export function parseFlags(argv: readonly string[]): Settings {
  const settings: Record<string, SettingValue> = {};
  for (let at = 0; at < argv.length; at++) {
    const word = splitFlag(argv[at]!);
    const option = findOption(word);
    const text = word.value ?? (option.kind === "yesNo" ? "true" : argv[++at]);
    if (text === undefined) throw new InvalidArgument(`flag needs an argument: ${word.shown}`);
    const name = settingName(option);
    settings[name] = combine(option, settings[name], text, word.shown);
    refuse(option, settings[name], word.shown);
  }
  return settings;
}

interface Word {
  /** As typed, without a value. */
  readonly shown: string;
  readonly value: string | undefined;
}

/** "--name=value", "--name", "-Hvalue", "-H=value", "-D". */
function splitFlag(argument: string): Word {
  const long = /^(--[\w-]+)(?:=(.*))?$/s.exec(argument);
  if (long) return { shown: long[1]!, value: long[2] };
  const short = /^(-\w)(?:=?(.+))?$/s.exec(argument);
  if (short) return { shown: short[1]!, value: short[2] };
  throw new InvalidArgument(`wharf daemon takes no arguments: ${JSON.stringify(argument)}`);
}

function findOption({ shown }: Word): OptionName {
  const name = shown.replace(/^--?/, "");
  const isShort = !shown.startsWith("--");
  const option = [...DAEMON_OPTIONS, ...REFUSED_OPTIONS].find((one) =>
    isShort ? one.short === name : one.flag === name,
  );
  if (option) return option;
  throw new InvalidArgument(
    isShort ? `unknown shorthand flag: '${name}' in ${shown}` : `unknown flag: ${shown}`,
  );
}

function refuse(option: OptionName, value: unknown, shown: string): void {
  const refused = REFUSED_OPTIONS.find((one) => one === option);
  if (refused && !isHonoured(refused, value)) throw notSupported(shown, refused);
}

export function notSupported(name: string, { only, reason }: RefusedOption): InvalidArgument {
  const hint = reason ?? (only === undefined ? undefined : `only ${JSON.stringify(only)} is`);
  return new InvalidArgument(`not supported yet by wharf: ${name}`, hint === undefined ? {} : { hint });
}

/** The setting after one more flag. */
function combine(
  option: OptionName,
  before: SettingValue | undefined,
  text: string,
  shown: string,
): SettingValue {
  switch (option.kind) {
    case "text":
    case "policy":
    case "proxies":
    case "registries":
      return text;
    case "yesNo":
      return parseYesNo(text, shown);
    case "whole":
      if (!/^\d{1,15}$/.test(text)) throw invalid(text, shown, "a whole number");
      return Number(text);
    case "list":
      return [...((before as readonly string[] | undefined) ?? []), text];
    case "map":
      return { ...(before as object | undefined), ...pair(text, shown) };
    case "runtimes": {
      const [[name, path]] = Object.entries(pair(text, shown)) as [[string, string]];
      return { ...(before as object | undefined), [name]: { path } };
    }
    case "switches": {
      const [[name, value]] = Object.entries(pair(text, shown)) as [[string, string]];
      return { ...(before as object | undefined), [name]: parseYesNo(value, shown) };
    }
    case "ulimits":
      return { ...(before as object | undefined), ...parseUlimit(text, shown) };
    case "pools":
      return [...((before as readonly Record<string, unknown>[] | undefined) ?? []), parsePool(text, shown)];
  }
}

function parseYesNo(text: string, shown: string): boolean {
  if (/^(?:1|t|true)$/i.test(text)) return true;
  if (/^(?:0|f|false)$/i.test(text)) return false;
  throw invalid(text, shown, "true or false");
}

function pair(text: string, shown: string): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw invalid(text, shown, "name=value");
  return { [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** "nofile=1024:2048", or one number for both. */
function parseUlimit(text: string, shown: string): Record<string, unknown> {
  const match = /^(\w+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text);
  if (!match) throw invalid(text, shown, "name=soft:hard");
  const [, name, soft, hard = soft] = match;
  return { [name!]: { Name: name, Soft: Number(soft), Hard: Number(hard) } };
}

function parsePool(text: string, shown: string): Record<string, unknown> {
  const fields = Object.fromEntries(text.split(",").map((field) => field.split("=", 2)));
  if (!fields.base || !/^\d+$/.test(fields.size ?? "")) throw invalid(text, shown, "base=CIDR,size=N");
  return { base: fields.base, size: Number(fields.size) };
}

function invalid(text: string, shown: string, expected: string): InvalidArgument {
  return new InvalidArgument(
    `invalid argument ${JSON.stringify(text)} for ${JSON.stringify(shown)} flag: expected ${expected}`,
  );
}
