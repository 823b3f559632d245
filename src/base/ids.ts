/** Sixty-four hexadecimal digits name a container, a network, an exec session. */
export type Id = string;

const HEX64 = /^[0-9a-f]{64}$/;

/** A new random identifier, never all digits in its short form: Docker avoids those because shells and hostnames would read them as numbers. */
export function newId(): Id {
  for (;;) {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
    if (!/^\d+$/.test(shortId(id))) return id;
  }
}

/** The twelve digits shown to people; a leading `sha256:` is dropped. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

export function isFullId(text: string): boolean {
  return HEX64.test(text);
}

/** Whether `text` could be the beginning of an identifier. */
export function isIdPrefix(text: string): boolean {
  return /^[0-9a-f]{1,64}$/.test(text);
}
