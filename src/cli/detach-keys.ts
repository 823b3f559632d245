/** The keys that leave a container without stopping it. */

const DEFAULT_KEYS = "ctrl-p,ctrl-q";

/**
 * "ctrl-p,ctrl-q" or "a,b" to the bytes a terminal sends for them.
 * @throws Error for a word that is no key
 */
export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from((text || DEFAULT_KEYS).split(","), keyCode);
}

function keyCode(key: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key);
  if (control) return control[1]!.toUpperCase().charCodeAt(0) & 0x1f;
  if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
  throw new Error(`Unknown character: '${key}'`);
}

/** Looks for the keys in what is typed. A beginning of them is held back until it is clear what it becomes. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What to send on, and whether the keys were complete; what follows them is dropped. */
  push(typed: Uint8Array): { readonly send: Uint8Array; readonly detached: boolean } {
    const send: number[] = [];
    for (const byte of typed) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { send: Uint8Array.from(send), detached: true };
        continue;
      }
      send.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) send.push(byte);
    }
    return { send: Uint8Array.from(send), detached: false };
  }
}
