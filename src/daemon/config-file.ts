import { InvalidArgument } from "#base/errors.ts";
import { notSupported, type Settings, type SettingValue } from "./flags.ts";
import { DAEMON_OPTIONS, type OptionKind } from "./options.ts";
import { isHonoured, REFUSED_OPTIONS } from "./refused-options.ts";

/**
 * Reads the text of daemon.json.
 * @throws InvalidArgument naming the key that is unknown, of another type, or not supported by this version
 */
export function parseConfigFile(text: string): Settings {
  const value = parse(text);
  const unknown = Object.keys(value).filter((key) => !knows(key));
  if (unknown.length > 0)
    throw new InvalidArgument(
      `the following directives don't match any configuration option: ${unknown.join(", ")}`,
    );
  for (const option of REFUSED_OPTIONS) {
    const key = option.key;
    if (key !== undefined && key in value && !isHonoured(option, value[key])) throw notSupported(key, option);
  }
  const settings: Record<string, SettingValue> = {};
  for (const { key, kind } of DAEMON_OPTIONS)
    if (key !== undefined && key in value) settings[key] = checkType(key, kind, value[key]);
  return settings;
}

function parse(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument(`it is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(value)) throw new InvalidArgument("it must be a JSON object");
  return value;
}

function knows(key: string): boolean {
  return [...DAEMON_OPTIONS, ...REFUSED_OPTIONS].some((option) => option.key === key);
}

const PROXY_KEYS = ["http-proxy", "https-proxy", "no-proxy"];

const CHECKS: Readonly<
  Record<OptionKind, { readonly word: string; readonly fits: (value: unknown) => boolean }>
> = {
  text: { word: "a text", fits: (value) => typeof value === "string" },
  yesNo: { word: "true or false", fits: (value) => typeof value === "boolean" },
  whole: { word: "a whole number", fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0 },
  list: { word: "a list of texts", fits: (value) => isListOf(value, (item) => typeof item === "string") },
  map: {
    word: "an object of texts",
    fits: (value) => isObject(value) && Object.values(value).every((item) => typeof item === "string"),
  },
  runtimes: {
    word: 'an object of {"path": …, "runtimeArgs": […]}',
    fits: (value) => isObject(value) && Object.values(value).every(isRuntime),
  },
  policy: {
    word: "the path of a file or an object",
    fits: (value) => typeof value === "string" || isObject(value),
  },
  ulimits: {
    word: 'an object of {"Name": …, "Soft": N, "Hard": N}',
    fits: (value) => isObject(value) && Object.values(value).every(isUlimit),
  },
  switches: {
    word: "an object of true and false",
    fits: (value) => isObject(value) && Object.values(value).every((item) => typeof item === "boolean"),
  },
  proxies: {
    word: `an object with the keys ${PROXY_KEYS.join(", ")} and texts for values`,
    fits: (value) =>
      hasOnly(value, PROXY_KEYS) && Object.values(value).every((item) => typeof item === "string"),
  },
  registries: {
    word: 'an object of {"mirrors": […], "fallback": true or false} by registry',
    fits: (value) => isObject(value) && Object.values(value).every(isRegistry),
  },
  pools: { word: 'a list of {"base": CIDR, "size": N}', fits: (value) => isListOf(value, isPool) },
};

function checkType(key: string, kind: OptionKind, value: unknown): SettingValue {
  const { word, fits } = CHECKS[kind];
  if (!fits(value)) throw new InvalidArgument(`${key} must be ${word}, not ${JSON.stringify(value)}`);
  return value as SettingValue;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

function isRuntime(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { path, runtimeArgs, ...rest } = value;
  const argsFit = runtimeArgs === undefined || isListOf(runtimeArgs, (item) => typeof item === "string");
  return typeof path === "string" && argsFit && Object.keys(rest).length === 0;
}

function isUlimit(value: unknown): boolean {
  return isObject(value) && Number.isSafeInteger(value.Soft) && Number.isSafeInteger(value.Hard);
}

function isRegistry(value: unknown): boolean {
  if (!hasOnly(value, ["mirrors", "fallback"])) return false;
  const { mirrors, fallback = true } = value;
  return isListOf(mirrors, (item) => typeof item === "string") && typeof fallback === "boolean";
}

function hasOnly(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return isObject(value) && Object.keys(value).every((key) => keys.includes(key));
}

function isPool(value: unknown): boolean {
  return isObject(value) && typeof value.base === "string" && Number.isSafeInteger(value.size);
}
