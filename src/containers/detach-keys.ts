import { InvalidArgument } from "#base/errors.ts";

/** Docker's default: ctrl-p, ctrl-q. */
const DEFAULT_KEYS = Uint8Array.of(16, 17);

/** Keys with ctrl beside the letters: "ctrl-@" is 0, "ctrl-[" to "ctrl-_" are 27 to 31. */
const CTRL_PUNCTUATION: Readonly<Record<string, number>> = {
  "@": 0,
  "[": 27,
  "\\": 28,
  "]": 29,
  "^": 30,
  _: 31,
};

/**
 * "ctrl-p,ctrl-q" or "ctrl-a,d" to the bytes a terminal sends for it; empty text to Docker's default.
 * @throws InvalidArgument for a key that is neither one character nor ctrl-something
 */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === "") return DEFAULT_KEYS;
  return Uint8Array.from(text.split(","), (key) => {
    const byte = key.startsWith("ctrl-") ? ctrlByte(key.slice("ctrl-".length)) : plainByte(key);
    if (byte === undefined)
      throw new InvalidArgument(`Invalid detach keys (${text}) provided: Unknown character: '${key}'`);
    return byte;
  });
}

function ctrlByte(key: string): number | undefined {
  if (/^[a-z]$/.test(key)) return key.charCodeAt(0) - 96;
  return Object.hasOwn(CTRL_PUNCTUATION, key) ? CTRL_PUNCTUATION[key] : undefined;
}

function plainByte(key: string): number | undefined {
  return key.length === 1 && key.charCodeAt(0) < 128 ? key.charCodeAt(0) : undefined;
}

/**
 * Watches what a user types. Bytes that begin the key sequence are held back until the next byte decides: they are the
 * sequence, or ordinary input after all.
 */
export class DetachMatcher {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** @returns what goes to the process, and whether the sequence is complete; input behind it is dropped */
  push(chunk: Uint8Array): { readonly input: Uint8Array; readonly detached: boolean } {
    if (this.#matched === 0 && !chunk.includes(this.#keys[0]!)) return { input: chunk, detached: false };
    const input: number[] = [];
    for (const byte of chunk) {
      if (byte !== this.#keys[this.#matched]) input.push(...this.#release());
      if (byte !== this.#keys[this.#matched]) input.push(byte);
      else if (++this.#matched === this.#keys.length)
        return { input: Uint8Array.from(input), detached: true };
    }
    return { input: Uint8Array.from(input), detached: false };
  }

  #release(): Uint8Array {
    const held = this.#keys.subarray(0, this.#matched);
    this.#matched = 0;
    return held;
  }
}
