/** A flag parser with the rules of Docker's command line: the POSIX forms plus GNU's long ones. */

/** One flag. The table of a command says everything its parser, help and completion need. */
export interface FlagSpec<T> {
  /** What stands after the name in help: "list", "bytes"; "" for a switch. */
  readonly type: string;
  readonly text: string;
  /** One letter. */
  readonly short?: string;
  readonly initial: T;
  /** Shown in help as `(default …)`. */
  readonly shownDefault?: string;
  /** The value when the flag stands alone; absent: the flag needs one. */
  readonly alone?: string;
  /** Left out of help and completion. */
  readonly hidden?: boolean;
  /** A sentence for stderr: what to use instead. The flag is hidden too. */
  readonly deprecated?: string;
  /** Another flag this one is an old name of. */
  readonly aliasOf?: string;
  /** @throws Error with the reason, when the text is no such value */
  parse(text: string, before: T, isFirst: boolean): T;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds flags of every type
export type FlagSpecs = Readonly<Record<string, FlagSpec<any>>>;

export type FlagValues<F extends FlagSpecs> = {
  readonly [Name in keyof F]: F[Name] extends FlagSpec<infer T> ? T : never;
};

export interface ParsedFlags<F extends FlagSpecs> {
  readonly values: FlagValues<F>;
  /** Names of the flags that were given. */
  readonly given: ReadonlySet<keyof F & string>;
  readonly rest: readonly string[];
  /** Deprecated flags that were used, as sentences. */
  readonly warnings: readonly string[];
  readonly wantsHelp: boolean;
}

/** The command line cannot be read: usage follows, the exit code is 125. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

export interface ParseFlagsOptions {
  /** False: the first argument that is no flag ends them, as for the command of `run`. */
  readonly interspersed: boolean;
}

/** @throws FlagError in the words of Docker's command line */
export function parseFlags<F extends FlagSpecs>(
  args: readonly string[],
  specs: F,
  { interspersed }: ParseFlagsOptions,
): ParsedFlags<F> {
  const parser = new Parser(specs);
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") {
      rest.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      rest.push(...(interspersed ? [arg] : args.slice(at)));
      if (!interspersed) break;
      continue;
    }
    const next = args[at + 1];
    const usedNext = arg.startsWith("--") ? parser.long(arg, next) : parser.shorts(arg.slice(1), next);
    if (usedNext) at++;
  }
  return {
    values: parser.values as FlagValues<F>,
    given: parser.given as ReadonlySet<keyof F & string>,
    rest,
    warnings: parser.warnings,
    wantsHelp: parser.wantsHelp,
  };
}

class Parser {
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  readonly warnings: string[] = [];
  wantsHelp = false;
  readonly #specs: FlagSpecs;

  constructor(specs: FlagSpecs) {
    this.#specs = specs;
    for (const name in specs) this.values[name] = specs[name]!.initial;
  }

  /** @returns whether the next argument was the flag's value */
  long(arg: string, next: string | undefined): boolean {
    const [, name = "", value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(arg)!;
    if (name === "" || name.startsWith("-")) throw new FlagError(`bad flag syntax: ${arg}`);
    const spec = Object.hasOwn(this.#specs, name) ? this.#specs[name] : undefined;
    if (!spec) {
      if (name === "help") return this.#help(value);
      throw new FlagError(`unknown flag: --${name}`);
    }
    if (value !== undefined) return this.#set(name, value);
    if (spec.alone !== undefined) return this.#set(name, spec.alone);
    if (next === undefined) throw new FlagError(`flag needs an argument: --${name}`);
    this.#set(name, next);
    return true;
  }

  /** "-it", "-p80:80", "-c=5", "-p 80:80". */
  shorts(letters: string, next: string | undefined): boolean {
    for (let at = 0; at < letters.length; at++) {
      const letter = letters[at]!;
      const name = this.#nameOf(letter);
      if (name === undefined) {
        if (letter === "h") return this.#help(undefined);
        throw new FlagError(`unknown shorthand flag: '${letter}' in -${letters.slice(at)}`);
      }
      const tail = letters.slice(at + 1);
      if (tail.startsWith("=") && tail.length > 1) return this.#set(name, tail.slice(1));
      const { alone } = this.#specs[name]!;
      if (alone !== undefined) {
        this.#set(name, alone);
        continue;
      }
      if (tail !== "") return this.#set(name, tail);
      if (next === undefined)
        throw new FlagError(`flag needs an argument: '${letter}' in -${letters.slice(at)}`);
      this.#set(name, next);
      return true;
    }
    return false;
  }

  #nameOf(letter: string): string | undefined {
    for (const name in this.#specs) if (this.#specs[name]!.short === letter) return name;
    return undefined;
  }

  #help(value: string | undefined): false {
    this.wantsHelp = value === undefined || value === "true";
    return false;
  }

  #set(given: string, text: string): false {
    const spec = this.#specs[given]!;
    const name = spec.aliasOf ?? given;
    try {
      this.values[name] = spec.parse(text, this.values[name], !this.given.has(name));
    } catch (error) {
      throw new FlagError(
        `invalid argument ${quote(text)} for "${flagTitle(given, spec)}" flag: ${(error as Error).message}`,
      );
    }
    this.given.add(name);
    if (spec.deprecated) this.#warn(`Flag --${given} has been deprecated, ${spec.deprecated}`);
    return false;
  }

  #warn(sentence: string): void {
    if (!this.warnings.includes(sentence)) this.warnings.push(sentence);
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function flagTitle(name: string, { short }: { readonly short?: string }): string {
  return short ? `-${short}, --${name}` : `--${name}`;
}
