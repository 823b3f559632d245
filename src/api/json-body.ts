import type { Static, TSchema } from "@sinclair/typebox";
import { InvalidArgument } from "#base/errors.ts";
import { decode } from "./decode.ts";
import type { ApiRequest } from "./handler.ts";

/** Far above any request Docker's clients make, far below what would hurt. */
const MAX_JSON_BYTES = 8 << 20;

/**
 * The largest body that any endpoint reads as a whole. An environment or labels of some megabytes are the kernel's to
 * refuse, at the start and in its own words.
 */
export const MAX_BODY_BYTES = 32 << 20;

/**
 * The request's JSON body.
 * @param maxBytes more is refused with 413
 * @returns undefined when there is none, which Docker allows for every endpoint
 * @throws InvalidArgument with Docker's texts for a wrong content type, broken JSON and wrong fields
 */
export async function readJson<S extends TSchema>(
  request: ApiRequest,
  schema: S,
  maxBytes = MAX_JSON_BYTES,
): Promise<Static<S> | undefined> {
  const contentType = request.headers["content-type"] ?? "";
  if (request.body.declaredBytes === 0 && contentType === "") return undefined;
  checkContentType(contentType);
  if (request.body.declaredBytes === 0) return undefined;
  return decode(schema, parseBody(await request.body.collect(maxBytes)));
}

function checkContentType(contentType: string): void {
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  if (!/^[\w.+-]+(?:\/[\w.+-]+)?$/.test(mediaType))
    throw new InvalidArgument(`malformed Content-Type header (${contentType}): no media type`);
  if (mediaType !== "application/json")
    throw new InvalidArgument(`unsupported Content-Type header (${contentType}): must be 'application/json'`);
}

/** @throws InvalidArgument */
function parseBody(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument(explainBrokenJson(text, error as Error), { cause: error });
  }
}

function explainBrokenJson(text: string, error: Error): string {
  const trimmed = text.trim();
  if (trimmed === "") return "invalid JSON: got EOF while reading request body";
  const end = endOfFirstValue(trimmed);
  if (end === undefined) return "invalid JSON: unexpected EOF";
  if (end < trimmed.length && isJson(trimmed.slice(0, end))) return "unexpected content after JSON";
  return `invalid JSON: ${error.message.replace(/^JSON Parse error: /, "")}`;
}

/** Where the brackets of the first value are closed; undefined when they never are. */
function endOfFirstValue(text: string): number | undefined {
  if (!/^[[{]/.test(text)) return /\s/.exec(text)?.index ?? text.length;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|["[\]{}]/g)) {
    if (token === '"') return undefined; // a text that is never closed
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth === 0) return index + token.length;
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
