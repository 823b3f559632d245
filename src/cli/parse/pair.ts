/** Texts such as "name=value". */

/** Splits at the first separator; without one the second part is undefined. */
export function splitPair(text: string, separator = "="): [first: string, second: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
