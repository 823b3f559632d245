import { InvalidArgument } from "#base/errors.ts";

/**
 * Splits a line as a Dockerfile's instructions do: at blanks outside quotes, quotes and backslashes taken away.
 * @throws InvalidArgument for a quote that is never closed
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "\\" && quote !== "'" && at + 1 < text.length) {
      const next = text[++at]!;
      const isPlain = quote === '"' && !'"\\$'.includes(next);
      word = (word ?? "") + (isPlain ? `\\${next}` : next);
    } else if (quote === "" && (character === '"' || character === "'")) {
      quote = character;
      word ??= "";
    } else if (character === quote) quote = "";
    else if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw new InvalidArgument("unexpected end of statement while looking for matching quote");
  return word === undefined ? words : [...words, word];
}

/**
 * The pairs of ENV and LABEL: "a=b c=d", or in the old form "a all the rest".
 * @throws InvalidArgument for neither
 */
export function splitPairs(instruction: string, text: string): [name: string, value: string][] {
  const words = splitWords(text);
  const first = /^[^\s=]+/.exec(text)?.[0] ?? "";
  const isOldForm = first !== "" && text[first.length] !== "=";
  if (isOldForm && words.length > 1) return [[words[0]!, text.slice(first.length).trim()]];
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals <= 0)
      throw new InvalidArgument(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value (${instruction})`,
      );
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** The JSON list of `CMD ["a", "b"]`; undefined when the text is none, which makes it a shell command. */
export function parseExecForm(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
