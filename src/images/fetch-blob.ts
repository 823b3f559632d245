import type { Clock } from "#base/clock.ts";
import { type EngineError, InvalidArgument, messageOf } from "#base/errors.ts";
import type { Repository } from "#registry/client.ts";
import { Unreachable } from "#registry/network-failure.ts";
import type { HttpResponse } from "#registry/response.ts";
import { retryDelayMs } from "#registry/retry-policy.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { ContentStore, Ingest } from "#storage/types.ts";

export interface FetchBlobDeps {
  readonly repository: Pick<Repository, "blob">;
  readonly content: Pick<ContentStore, "ingest" | "info">;
  readonly clock: Clock;
  /** Tries in a row that bring less than `PROGRESS_BYTES`, until the download fails. */
  readonly maxAttempts: number;
}

export interface BlobRequest {
  readonly descriptor: Descriptor;
  /** What the bytes are, for messages: "debian:12: layer". */
  readonly what: string;
  /** Bytes that are here so far. */
  readonly onProgress?: (currentBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** A try that brought this much was worth it: the count of failures starts anew. */
const PROGRESS_BYTES = 1 << 20;

/**
 * Brings one blob into the store, from the bytes an earlier try left there. A cut or silent connection is tried again
 * with a Range; what was cancelled stays for the next pull.
 * @throws InvalidArgument when the registry sends something else than the descriptor says
 */
export async function fetchBlob(deps: FetchBlobDeps, request: BlobRequest): Promise<void> {
  try {
    await fetchOnce(deps, request);
  } catch (error) {
    // The bytes of an earlier try may have been wrong, even another registry's: they are gone now, so all anew.
    if (!(error instanceof WrongContent) || !error.wasResumed) throw error;
    await fetchOnce(deps, request);
  }
}

class WrongContent extends InvalidArgument {
  readonly wasResumed: boolean;

  constructor(message: string, wasResumed: boolean, cause: unknown) {
    super(message, { cause });
    this.wasResumed = wasResumed;
  }
}

async function fetchOnce(deps: FetchBlobDeps, request: BlobRequest): Promise<void> {
  const { descriptor, what } = request;
  await using ingest = await deps.content.ingest(descriptor.digest);
  if (deps.content.info(descriptor.digest)) return; // another writer was faster
  if (ingest.offset > descriptor.size) await ingest.restart();
  const wasResumed = ingest.offset > 0;
  await download(deps, request, ingest);
  try {
    await ingest.commit({ digest: descriptor.digest, sizeBytes: descriptor.size });
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    const reason = `the registry sent wrong content for ${descriptor.digest}: ${messageOf(error)}`;
    throw new WrongContent(`${what}: ${reason}`, wasResumed, error);
  }
}

async function download(deps: FetchBlobDeps, request: BlobRequest, ingest: Ingest): Promise<void> {
  const { descriptor, signal } = request;
  for (let failures = 0; ingest.offset < descriptor.size; ) {
    const before = ingest.offset;
    try {
      using response = await deps.repository.blob(descriptor.digest, ingest.offset, signal);
      await copy(response, request, ingest);
      if (ingest.offset < descriptor.size) throw tooShort(request, ingest.offset);
    } catch (error) {
      failures = ingest.offset - before >= PROGRESS_BYTES ? 1 : failures + 1;
      if (!isWorthAnotherTry(error) || failures >= deps.maxAttempts) throw error;
      await deps.clock.sleep(retryDelayMs(failures, undefined, 0)!, signal);
    }
  }
}

function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof Unreachable && error.reason !== "certificate" && error.reason !== "unknownHost";
}

/** The registry ended its answer properly, but early: as good as a cut connection. */
function tooShort({ what, descriptor }: BlobRequest, got: number): EngineError {
  return new Unreachable(
    `${what}: ${descriptor.digest} ended after ${got} of ${descriptor.size} bytes: unexpected EOF`,
    "cut",
  );
}

async function copy(response: HttpResponse, request: BlobRequest, ingest: Ingest): Promise<void> {
  const { descriptor, what, onProgress } = request;
  if (!(await isContinuation(response, request, ingest))) return;
  for await (const chunk of response.body()) {
    if (ingest.offset + chunk.byteLength > descriptor.size) {
      await ingest.abort();
      throw new InvalidArgument(
        `${what}: the registry sent more for ${descriptor.digest} than the ${descriptor.size} bytes its manifest says`,
      );
    }
    await ingest.write(chunk);
    onProgress?.(ingest.offset);
  }
}

/**
 * Whether the answer's bytes go on where the store's end. A registry without ranges sends all of it, then we start
 * again; one that no longer knows our position (416) is asked from the start by the next try.
 */
async function isContinuation(
  response: HttpResponse,
  request: BlobRequest,
  ingest: Ingest,
): Promise<boolean> {
  const { descriptor, what } = request;
  if (response.status === 416) {
    await ingest.restart();
    return false;
  }
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (Number(start) === ingest.offset) return true;
    await ingest.restart();
    return false;
  }
  if (ingest.offset > 0) await ingest.restart();
  const announced = response.headers.get("content-length");
  if (announced !== null && Number(announced) !== descriptor.size)
    throw new InvalidArgument(
      `${what}: the registry announced ${announced} bytes for ${descriptor.digest}, expected ${descriptor.size}`,
    );
  return true;
}
