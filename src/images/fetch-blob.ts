import { InvalidArgument, messageOf } from "#base/errors.ts";
import type { HttpResponse } from "#registry/response.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { ContentStore } from "#storage/types.ts";
import { type ReadPartsDeps, readParts } from "./read-parts.ts";

export interface FetchBlobDeps extends ReadPartsDeps {
  readonly content: Pick<ContentStore, "ingest" | "info">;
}

export interface BlobRequest {
  readonly descriptor: Descriptor;
  /** What the bytes are, for messages: "debian:12: layer". */
  readonly what: string;
  /** Bytes that are here so far, less than before when they turned out to be wrong; and the file they are in. */
  readonly onProgress?: (currentBytes: number, file: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Brings one blob into the store, from the bytes an earlier try left there; what was cancelled stays for the next pull.
 * @throws InvalidArgument when the registry sends something else than the descriptor says
 */
export async function fetchBlob(deps: FetchBlobDeps, request: BlobRequest): Promise<void> {
  for (;;) {
    try {
      return await fetchOnce(deps, request);
    } catch (error) {
      if (!(error instanceof WrongContent) || !error.isWorthAnotherTry) throw error;
    }
  }
}

class WrongContent extends InvalidArgument {
  readonly isWorthAnotherTry: boolean;

  constructor(message: string, isWorthAnotherTry: boolean, cause: unknown) {
    super(message, { cause });
    this.isWorthAnotherTry = isWorthAnotherTry;
  }
}

async function fetchOnce(deps: FetchBlobDeps, request: BlobRequest): Promise<void> {
  const { descriptor, what, onProgress, signal } = request;
  await using ingest = await deps.content.ingest(descriptor.digest);
  if (deps.content.info(descriptor.digest)) return; // another writer was faster
  if (ingest.offset > descriptor.size) await ingest.restart();
  const wasResumed = ingest.offset > 0;
  const answers = new Set<HttpResponse>();
  const range = { descriptor, what, from: ingest.offset, signal };
  if (wasResumed) onProgress?.(ingest.offset, ingest.file);
  for await (const chunk of readParts(deps, { ...range, onResponse: (response) => answers.add(response) })) {
    await ingest.write(chunk);
    onProgress?.(ingest.offset, ingest.file);
  }
  try {
    await ingest.commit({ digest: descriptor.digest, sizeBytes: descriptor.size });
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    const reason = `the registry sent wrong content for ${descriptor.digest}: ${messageOf(error)}`;
    const isElsewhere = [...answers].map((answer) => deps.repository.avoidSourceOf(answer)).includes(true);
    // bytes of an earlier try may have been wrong, even another registry's: they are gone now, so all anew
    throw new WrongContent(`${what}: ${reason}`, wasResumed || isElsewhere, error);
  }
}
