import { EngineError } from "#base/errors.ts";

export interface FuzzTarget {
  readonly seeds: readonly string[];
  /** @throws whatever is a finding; an EngineError of the parser is none */
  readonly check: (text: string) => void;
}

/** The result, or undefined where the parser says what is wrong. */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

export function same(a: unknown, b: unknown): void {
  if (!Bun.deepEquals(a, b)) throw new Error(`${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
}
