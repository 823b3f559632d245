/** Small changes to texts, the same for the same seed: cut, doubled, swapped, replaced, spliced with another. */

/** @returns numbers from 0 up to but not including 1 */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}

/** What parsers trip over. */
const WORDS = [
  ..."\0\n\r\t \"'\\/:@,=;<>{}[]()#%*.-_+",
  "\u{feff}",
  "\u{202e}",
  "İ",
  "é",
  "😀",
  "\ud800",
  "__proto__",
  "toString",
  "valueOf",
  "{}",
  "[]",
  "constructor",
  "null",
  "true",
  "-1",
  "0",
  "1e999",
  "9007199254740993",
  "sha256:",
  "sha512:",
  "a".repeat(64),
  "x".repeat(5000),
  "../",
  "//",
  "://",
];

export function mutate(text: string, others: readonly string[], random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  let result = text;
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(result.length + 1);
    const end = Math.min(result.length, at + below(20));
    const word = WORDS[below(WORDS.length)]!;
    const other = others[below(others.length)]!;
    const from = below(other.length + 1);
    const changed = [
      () => result.slice(0, at) + result.slice(end),
      () => result.slice(0, at) + word + result.slice(at),
      () => result.slice(0, at) + word + result.slice(end),
      () => result.slice(0, end) + result.slice(at),
      () => result.slice(0, at),
      () => result.slice(0, at) + other.slice(from, from + below(200)) + result.slice(end),
      () => result.slice(0, at) + String.fromCharCode(below(256)) + result.slice(at + 1),
    ];
    result = changed[below(changed.length)]!();
    if (result.length > 20_000) result = result.slice(0, 20_000);
  }
  return result;
}
