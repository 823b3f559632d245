/**
 * Names that Linux treats as plain bytes, held in strings without loss: bytes that are no UTF-8 become the lone
 * surrogates U+DC80 to U+DCFF (PEP 383 calls it "surrogateescape"), so strings can be split, compared and kept in JSON
 * and still turn back into the same bytes.
 */
export function decodeRaw(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.includes("\ufffd") ? decodeWithEscapes(bytes) : text;
}

/** The bytes `decodeRaw` read. A lone surrogate outside U+DC80–U+DCFF becomes U+FFFD, as in TextEncoder. */
export function encodeRaw(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Uint8Array[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(char, "utf8"));
  }
  return Buffer.concat(parts);
}

function decodeWithEscapes(bytes: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]!);
    const piece = bytes.subarray(at, at + length);
    try {
      text += strict.decode(piece);
      at += piece.length;
    } catch {
      text += String.fromCharCode(0xdc00 + bytes[at]!);
      at += 1;
    }
  }
  return text;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
