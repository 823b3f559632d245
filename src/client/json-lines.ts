/**
 * The values of a stream of JSON texts, one to a line, as the engine sends progress, events and statistics.
 * @param parse reads one line
 * @throws SyntaxError for a line that is no JSON
 */
export async function* jsonLines<T>(
  pieces: AsyncIterable<Uint8Array>,
  parse: (line: string) => T = JSON.parse,
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const piece of pieces) {
    pending += decoder.decode(piece, { stream: true });
    const lines = pending.split("\n");
    pending = lines.pop()!;
    for (const line of lines) if (line.trim()) yield parse(line);
  }
  if (pending.trim()) yield parse(pending);
}
