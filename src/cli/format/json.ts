/** JSON as Docker's programs write it. */

/** One line, keys in the order they have, nothing escaped beyond what JSON asks. */
export function compactJson(value: unknown): string {
  return JSON.stringify(value ?? null);
}

/** Go's default encoder also escapes what could end an HTML script. */
export function htmlSafeJson(value: unknown): string {
  return compactJson(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Sets a JSON text in lines, with every number and escape left as it is written: parsing it first would change large
 * numbers.
 * @param json valid JSON
 * @param prefix put before every line but the first
 */
export function indentJson(json: string, indent: string, prefix = ""): string {
  const parts: string[] = [];
  let depth = 0;
  const newLine = () => parts.push("\n", prefix, indent.repeat(depth));
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const isOpening = token === "{" || token === "[";
    const isClosing = token === "}" || token === "]";
    const follows = parts.at(-1);
    const isEmptyPair = isClosing && (follows === "{" || follows === "[");
    if (isClosing) depth--;
    if ((isClosing && !isEmptyPair) || (!isClosing && (follows === "{" || follows === "["))) newLine();
    parts.push(token === ":" ? ": " : token);
    if (isOpening) depth++;
    if (token === ",") newLine();
  }
  return parts.join("");
}
