/** Small helpers on bytes. They do without Buffer: making it ready would take a noticeable part of a short command. */

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
