const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const U = 0x75;
const REPLACEMENT = 0xfffd;

/** What the byte after a backslash stands for; 0 where it is not a single-byte escape. */
const SINGLE = tableOf({ n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", '"': '"', "\\": "\\", "/": "/" });

/**
 * Copies a JSON string's content as UTF-8, without ever making a JavaScript string of it: logs are read at some
 * hundred megabytes a second, and most of that is this loop.
 */
export class Unescaper {
  /** Where in the input the closing quote was; -1 when there was none before `end`. */
  inputEnd = -1;

  /**
   * @param from the byte after the opening quote
   * @returns the index in `output` behind the copied text, which never needs more bytes than the input had
   */
  copy(input: Uint8Array, from: number, end: number, output: Uint8Array, to: number): number {
    let at = from;
    let out = to;
    while (at < end) {
      const byte = input[at]!;
      if (byte === QUOTE) {
        this.inputEnd = at;
        return out;
      }
      if (byte !== BACKSLASH) {
        output[out++] = byte;
        at += 1;
        continue;
      }
      const letter = input[at + 1]!;
      if (letter !== U) {
        output[out++] = SINGLE[letter]!;
        at += 2;
        continue;
      }
      let code = hexAt(input, at + 2);
      at += 6;
      if (isHighSurrogate(code) && input[at] === BACKSLASH && input[at + 1] === U) {
        const low = hexAt(input, at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        }
      }
      out = writeUtf8(code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code, output, out);
    }
    this.inputEnd = -1;
    return out;
  }
}

function tableOf(escapes: Readonly<Record<string, string>>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [letter, char] of Object.entries(escapes)) table[letter.charCodeAt(0)] = char.charCodeAt(0);
  return table;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function hexAt(input: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = input[i]!;
    value = value * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return value;
}

function writeUtf8(code: number, output: Uint8Array, at: number): number {
  if (code < 0x80) {
    output[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    output[at] = 0xc0 | (code >> 6);
    output[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    output[at] = 0xe0 | (code >> 12);
    output[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    output[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  output[at] = 0xf0 | (code >> 18);
  output[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  output[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  output[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}
