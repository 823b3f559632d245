import { InvalidArgument, messageOf, Unavailable } from "#base/errors.ts";
import type { ByteSource } from "#base/streams.ts";
import { progressLine, statusLine } from "../progress.ts";
import type { Emit } from "../progress-stream.ts";

/** Between two progress lines. */
const TELL_EVERY_BYTES = 4 << 20;

/** As Docker reads it: what names no scheme is fetched by http. */
export function withScheme(text: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

/**
 * Fetches an archive, redirects followed.
 * @throws InvalidArgument for what is no http or https URL, or is refused there; Unavailable when nobody answers
 */
export async function openUrl(url: string, signal: AbortSignal, emit: Emit): Promise<ByteSource> {
  if (!URL.canParse(url) || !/^https?:/i.test(url))
    throw new InvalidArgument(`cannot import from ${url}: only http and https URLs can be fetched`);
  const { username, password } = new URL(url);
  const shown = username || password ? url.replace(/\/\/[^/@]*@/, "//") : url;
  emit(statusLine(`Downloading from ${shown}`));
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: { "Accept-Encoding": "identity" } });
  } catch (error) {
    throw new Unavailable(`cannot fetch ${shown}: ${messageOf(error)}`, { cause: error });
  }
  if (!response.ok || !response.body)
    throw new InvalidArgument(`failed to GET ${shown} with status ${response.status} ${response.statusText}`);
  return told(response.body, Number(response.headers.get("content-length") ?? 0), emit);
}

async function* told(body: ByteSource, total: number, emit: Emit): AsyncGenerator<Uint8Array> {
  let [current, toldAt] = [0, 0];
  for await (const chunk of body) {
    current += chunk.byteLength;
    if (current - toldAt >= TELL_EVERY_BYTES) {
      toldAt = current;
      emit(progressLine("", "Importing", { current, total }));
    }
    yield chunk;
  }
}
