import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import { InvalidArgument, Unavailable } from "#base/errors.ts";
import { type ByteSource, tap } from "#base/streams.ts";
import { Unreachable } from "./network-failure.ts";
import { Busy, type PieceOutcome, type PushRepository, type UploadSession } from "./push-repository.ts";
import { retryDelayMs } from "./retry-policy.ts";
import type { UnfinishedUploads } from "./unfinished-uploads.ts";

export interface UploadBlobDeps {
  readonly repository: Pick<
    PushRepository,
    "startUpload" | "sendPiece" | "uploadStatus" | "finishUpload" | "hasBlob" | "reference"
  >;
  readonly clock: Clock;
  /** Tries in a row that bring less than `PROGRESS_BYTES`, until the upload fails. */
  readonly maxAttempts: number;
  /** Where what is left half done is kept for the next try. */
  readonly unfinished?: UnfinishedUploads;
}

export interface BlobUpload {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** The bytes from `offset` (inclusive) to `end` (exclusive). */
  readonly open: (offset: number, end: number) => ByteSource;
  /** One that a mount that was not granted has begun. */
  readonly session?: UploadSession;
  /** Bytes the registry has taken so far. */
  readonly onProgress?: (currentBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** A try that brought this much was worth it: the count of failures starts anew. */
const PROGRESS_BYTES = 1 << 20;
/** Pieces for a registry, or a proxy before it, that refuses a whole layer at once. */
const CHUNK_BYTES = 32 << 20;
const SMALLEST_CHUNK_BYTES = 1 << 20;

/**
 * Sends one blob: whole where the registry takes that, in pieces where it does not, and after a cut from the byte the
 * registry says it has.
 * @throws InvalidArgument when it will not accept the bytes; Unreachable, Unavailable when it does not answer
 */
export async function uploadBlob(deps: UploadBlobDeps, blob: BlobUpload): Promise<void> {
  const upload = new Upload(deps, blob);
  const { clock, maxAttempts } = deps;
  for (let failures = 0; ; ) {
    const before = upload.sentBytes;
    try {
      return await upload.attempt();
    } catch (error) {
      failures = upload.sentBytes - before >= PROGRESS_BYTES ? 1 : failures + 1;
      if (!isWorthAnotherTry(error) || failures >= maxAttempts) throw error;
      const delayMs = retryDelayMs(
        failures,
        error instanceof Busy ? error.retryAfter : undefined,
        clock.now(),
      );
      if (delayMs === undefined) throw error; // it asks for more patience than anybody has
      await clock.sleep(delayMs, blob.signal);
    }
  }
}

function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof Unreachable) return error.reason !== "certificate" && error.reason !== "unknownHost";
  return error instanceof Unavailable; // 429 and 5xx
}

class Upload {
  readonly #deps: UploadBlobDeps;
  readonly #blob: BlobUpload;
  readonly #key: string;
  #session: UploadSession | undefined;
  /** Whether where the session stands must be asked for. */
  #isInDoubt = false;
  #chunkBytes = Number.POSITIVE_INFINITY;
  #restarts = 0;
  /** The last answer may have been lost on its way. */
  #mayBeDone = false;
  /** Of all tries, also what had to be sent twice. */
  sentBytes = 0;

  constructor(deps: UploadBlobDeps, blob: BlobUpload) {
    const { domain, path } = deps.repository.reference;
    this.#deps = deps;
    this.#blob = blob;
    this.#key = `${domain}/${path}@${blob.digest}`;
    this.#session = blob.session;
    const left = this.#session ? undefined : deps.unfinished?.take(this.#key);
    if (!left) return;
    this.#session = left;
    this.#isInDoubt = true;
  }

  async attempt(): Promise<void> {
    const { repository, unfinished } = this.#deps;
    const { digest, signal } = this.#blob;
    try {
      if (this.#mayBeDone && (await repository.hasBlob(digest, signal))) return;
      let session = await this.#current();
      while (session.offset < this.#blob.sizeBytes) session = await this.#advance(session);
      this.#isInDoubt = true;
      this.#mayBeDone = true;
      if (await repository.finishUpload(session, digest, signal)) return;
      this.#restart("the registry lost it");
    } catch (error) {
      if (this.#session && signal?.aborted) unfinished?.keep(this.#key, this.#session);
      throw error;
    }
    return await this.attempt();
  }

  async #current(): Promise<UploadSession> {
    const { repository } = this.#deps;
    const { signal, sizeBytes } = this.#blob;
    if (this.#session && this.#isInDoubt) {
      const stands = await repository.uploadStatus(this.#session, signal);
      this.#session = stands && stands.offset <= sizeBytes ? stands : undefined;
    }
    this.#isInDoubt = false;
    this.#session ??= await repository.startUpload(signal);
    return this.#session;
  }

  async #advance(session: UploadSession): Promise<UploadSession> {
    const { sizeBytes, open, onProgress, signal } = this.#blob;
    const { offset } = session;
    const end = Math.min(sizeBytes, offset + Math.max(this.#chunkBytes, session.minChunkBytes));
    let at = offset;
    const counted = () =>
      tap(open(offset, end), ({ byteLength }) => {
        at += byteLength;
        this.sentBytes += byteLength;
        onProgress?.(at);
      });
    this.#isInDoubt = true;
    const isWhole = offset === 0 && end === sizeBytes;
    const piece = { sizeBytes: end - offset, open: counted };
    const outcome = await this.#deps.repository.sendPiece(session, piece, { isWhole, signal });
    return await this.#after(outcome);
  }

  async #after(outcome: PieceOutcome): Promise<UploadSession> {
    if (outcome.kind === "taken") {
      this.#isInDoubt = false;
      this.#session = outcome.session;
      return outcome.session;
    }
    if (outcome.kind === "tooLarge") this.#shrinkChunks();
    else if (outcome.kind === "outOfStep") this.#restart("the registry expects another part of it", true);
    else this.#restart("the registry lost it");
    return await this.#current();
  }

  #shrinkChunks(): void {
    if (this.#chunkBytes <= SMALLEST_CHUNK_BYTES)
      throw new InvalidArgument(
        `upload of ${this.#blob.digest} failed: the registry refuses even pieces of ${this.#chunkBytes} bytes`,
      );
    this.#chunkBytes = Number.isFinite(this.#chunkBytes)
      ? Math.max(SMALLEST_CHUNK_BYTES, this.#chunkBytes / 4)
      : Math.min(CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, this.#blob.sizeBytes / 2));
    this.#chunkBytes = Math.ceil(this.#chunkBytes);
  }

  /** @param asksFirst the upload is there, only its place is not known: worth one question */
  #restart(reason: string, asksFirst = false): void {
    this.#restarts += 1;
    if (this.#restarts >= this.#deps.maxAttempts)
      throw new Unavailable(`upload of ${this.#blob.digest} failed ${this.#restarts} times: ${reason}`);
    if (!asksFirst || this.#restarts > 1) this.#session = undefined;
  }
}
