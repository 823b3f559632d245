import { InvalidArgument } from "#base/errors.ts";
import { decodeFilters, type Filters } from "#base/filters.ts";

/** What Docker's daemon reads as no; everything else, "maybe" included, is yes. */
const FALSE_WORDS: ReadonlySet<string> = new Set(["", "0", "no", "false", "none"]);

/** The query of a request, by type. Names are Docker's and not checked against a list: unknown ones are ignored. */
export class Query {
  readonly #values: URLSearchParams;

  /** @param text without the question mark */
  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** "" when it is absent. */
  text(name: string): string {
    return this.#values.get(name) ?? "";
  }

  /** Undefined when it is absent or empty. */
  optional(name: string): string | undefined {
    return this.#values.get(name) || undefined;
  }

  list(name: string): string[] {
    return this.#values.getAll(name);
  }

  boolean(name: string, fallback = false): boolean {
    const value = this.#values.get(name);
    return value === null ? fallback : !FALSE_WORDS.has(value.trim().toLowerCase());
  }

  /** @throws InvalidArgument for what is no whole number */
  optionalInteger(name: string): number | undefined {
    const text = this.optional(name);
    if (text === undefined) return undefined;
    if (!/^[+-]?\d{1,15}$/.test(text)) throw this.#invalid(name, "a whole number");
    return Number(text);
  }

  /** @throws InvalidArgument for what is no whole number, and when it is absent */
  integer(name: string): number {
    const value = this.optionalInteger(name);
    if (value === undefined) throw this.#invalid(name, "a whole number");
    return value;
  }

  /**
   * A point in time as Docker's clients send it: seconds since 1970, with up to nine digits after the point.
   * @returns nanoseconds; undefined when it is absent or 0
   * @throws InvalidArgument for anything else
   */
  nanoseconds(name: string): bigint | undefined {
    const text = this.optional(name);
    if (text === undefined) return undefined;
    const parts = /^(-?\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text);
    if (!parts) throw this.#invalid(name, "seconds since 1970");
    const nanos = BigInt(parts[1]!) * 1_000_000_000n + BigInt((parts[2] ?? "").padEnd(9, "0"));
    return nanos === 0n ? undefined : nanos;
  }

  /** @throws InvalidArgument when it is not the JSON that filters are */
  filters(): Filters {
    return decodeFilters(this.text("filters"));
  }

  #invalid(name: string, expected: string): InvalidArgument {
    return new InvalidArgument(
      `invalid value ${JSON.stringify(this.text(name))} for query parameter ${name}: expected ${expected}`,
    );
  }
}
