import type { Clock } from "#base/clock.ts";
import { InvalidArgument } from "#base/errors.ts";
import type { Repository } from "#registry/client.ts";
import { Unreachable } from "#registry/network-failure.ts";
import type { HttpResponse } from "#registry/response.ts";
import { retryDelayMs } from "#registry/retry-policy.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";

export interface ReadRangeDeps {
  readonly repository: Pick<Repository, "blobPart" | "avoidSourceOf">;
  readonly clock: Clock;
  /** Tries in a row that bring less than `PROGRESS_BYTES`, until the download fails. */
  readonly maxAttempts: number;
}

export interface RangeRequest {
  readonly descriptor: Descriptor;
  /** What the bytes are, for messages: "debian:12: layer". */
  readonly what: string;
  readonly from: number;
  readonly to: number;
  /** Called at the first answer: whether the registry gives parts of a blob at all. */
  readonly onAnswer?: (givesParts: boolean) => void;
  /** Called for each answer whose bytes are used. */
  readonly onResponse?: (response: HttpResponse) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A try that brought this much was worth it: the count of failures starts anew. */
const PROGRESS_BYTES = 1 << 20;

/**
 * The bytes `from` to `to` of a blob, in order. A cut or silent connection is tried again from where it ended, at the
 * next place that has the blob if there is one.
 *
 * A registry that knows no ranges sends the whole blob each time: what came before `from` is thrown away, and when that
 * is already the first answer, `to` no longer counts and the blob is read to its end.
 * @throws InvalidArgument when the registry sends something else than the descriptor says
 */
export async function* readRange(deps: ReadRangeDeps, request: RangeRequest): AsyncGenerator<Uint8Array> {
  const { descriptor, what, signal } = request;
  let { from: at, to } = request;
  let isFirst = true;
  for (let failures = 0; at < to; ) {
    const before = at;
    let response: HttpResponse | undefined;
    try {
      response = await deps.repository.blobPart(descriptor.digest, rangeOf(at, to, descriptor.size), signal);
      const start = startOf(response, at, request);
      if (isFirst) request.onAnswer?.(response.status === 206);
      if (isFirst && response.status === 200) to = descriptor.size;
      isFirst = false;
      request.onResponse?.(response);
      for await (const chunk of piecesOf(response, { start, at, to, request })) {
        at += chunk.byteLength;
        yield chunk;
      }
      if (at < to)
        throw new Unreachable(
          `${what}: ${descriptor.digest} ended after ${at} of ${descriptor.size} bytes: unexpected EOF`,
          "cut",
        );
    } catch (error) {
      const isElsewhere = response !== undefined && deps.repository.avoidSourceOf(response);
      failures = at - before >= PROGRESS_BYTES ? 1 : failures + 1;
      const isWorthIt =
        isWorthAnotherTry(error, response !== undefined) || (isElsewhere && error instanceof InvalidArgument);
      if (!isWorthIt || failures >= deps.maxAttempts) throw error;
      await deps.clock.sleep(retryDelayMs(failures, undefined, 0)!, signal);
    } finally {
      response?.[Symbol.dispose]();
    }
  }
}

/** An end that is the blob's own is not said: some registries refuse what they take for more than they have. */
function rangeOf(from: number, to: number, sizeBytes: number) {
  return to === sizeBytes ? { from } : { from, to };
}

/** A connection that is cut before any answer was tried again already, by the transport. */
function isWorthAnotherTry(error: unknown, hasAnswered: boolean): boolean {
  if (!(error instanceof Unreachable)) return false;
  const { reason } = error;
  return reason !== "certificate" && reason !== "unknownHost" && (reason !== "cut" || hasAnswered);
}

/**
 * Where in the blob an answer's bytes begin.
 * @throws Unreachable for a place other than the one asked for, which another try may put right
 * @throws InvalidArgument for a blob of another size
 */
function startOf(response: HttpResponse, at: number, { descriptor, what }: RangeRequest): number {
  const { digest, size } = descriptor;
  if (response.status === 416)
    throw new InvalidArgument(
      `${what}: the registry has no bytes of ${digest} from ${at} on, expected ${size} bytes`,
    );
  if (response.status === 200) {
    const announced = response.headers.get("content-length");
    if (announced !== null && Number(announced) !== size)
      throw new InvalidArgument(
        `${what}: the registry announced ${announced} bytes for ${digest}, expected ${size}`,
      );
    return 0;
  }
  const [, start, total] =
    /^bytes (\d+)-\d+\/(\d+|\*)/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (total !== undefined && total !== "*" && Number(total) !== size)
    throw new InvalidArgument(`${what}: the registry has ${total} bytes for ${digest}, expected ${size}`);
  if (start === undefined || Number(start) !== at)
    throw new Unreachable(
      `${what}: the registry sent another part of ${digest} than the one asked for`,
      "cut",
    );
  return at;
}

interface Window {
  /** Where the answer begins, where what is wanted begins, and where it ends. */
  readonly start: number;
  readonly at: number;
  readonly to: number;
  readonly request: RangeRequest;
}

/** What of an answer lies within the window. */
async function* piecesOf(response: HttpResponse, window: Window): AsyncGenerator<Uint8Array> {
  const { to, request } = window;
  let position = window.start;
  for await (const chunk of response.body()) {
    const skip = Math.min(Math.max(window.at - position, 0), chunk.byteLength);
    position += chunk.byteLength;
    if (position > to && response.status === 206) throw tooMuch(request);
    if (position > request.descriptor.size) throw tooMuch(request);
    const piece = chunk.subarray(skip, chunk.byteLength - Math.max(position - to, 0));
    if (piece.byteLength > 0) yield piece;
    if (position >= to && to < request.descriptor.size) return;
  }
}

function tooMuch({ what, descriptor }: RangeRequest): InvalidArgument {
  return new InvalidArgument(
    `${what}: the registry sent more for ${descriptor.digest} than the ${descriptor.size} bytes its manifest says`,
  );
}
