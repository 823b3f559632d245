import { InvalidArgument } from "#base/errors.ts";
import type { Settings } from "./flags.ts";

/**
 * Flags and file as one. An option in both is refused, because nobody could tell which one was meant.
 * @throws InvalidArgument with Docker's text
 */
export function mergeSettings(flags: Settings, file: Settings): Settings {
  const both = Object.keys(flags).filter((name) => Object.hasOwn(file, name));
  if (both.length > 0)
    throw new InvalidArgument(
      "the following directives are specified both as a flag and in the configuration file: " +
        both
          .map((name) => `${name}: (from flag: ${show(flags[name])}, from file: ${show(file[name])})`)
          .join(", "),
    );
  return { ...file, ...flags };
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Settings by kind, each with its default. The kinds were checked where the settings were read. */
export class SettingReader {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  text(name: string): string | undefined {
    return this.#settings[name] as string | undefined;
  }

  yesNo(name: string): boolean | undefined {
    return this.#settings[name] as boolean | undefined;
  }

  whole(name: string): number | undefined {
    return this.#settings[name] as number | undefined;
  }

  list(name: string): readonly string[] {
    return (this.#settings[name] as readonly string[] | undefined) ?? [];
  }

  map<T = string>(name: string): Readonly<Record<string, T>> {
    return (this.#settings[name] as Record<string, T> | undefined) ?? {};
  }

  items<T>(name: string): readonly T[] {
    return (this.#settings[name] as readonly T[] | undefined) ?? [];
  }

  /** Undefined when absent. @throws InvalidArgument for a path that is not absolute */
  path(name: string): string | undefined {
    const path = this.text(name);
    if (path !== undefined && !path.startsWith("/"))
      throw new InvalidArgument(`${name} must be an absolute path, not ${JSON.stringify(path)}`);
    return path === undefined || path === "/" ? path : path.replace(/\/+$/, "");
  }

  /** An absolute path, or what an object in the file says. @throws InvalidArgument */
  pathOrObject(name: string): string | Readonly<Record<string, unknown>> | undefined {
    const value = this.#settings[name];
    return typeof value === "object" ? (value as Readonly<Record<string, unknown>>) : this.path(name);
  }

  /** @throws InvalidArgument for a number out of range */
  wholeWithin(name: string, least: number, most: number): number | undefined {
    const value = this.whole(name);
    if (value !== undefined && (value < least || value > most))
      throw new InvalidArgument(`${name} must be from ${least} to ${most}, not ${value}`);
    return value;
  }
}
