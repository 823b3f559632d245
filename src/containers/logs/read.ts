import { fstatSync, read } from "node:fs";
import { promisify } from "node:util";
import { isRotated, type LogFile, openLogFiles, openNextFile, readCompressed } from "./files.ts";
import { LogFollower } from "./follow.ts";
import { LOG_FORMATS, type LogFormat, type LogFormatName } from "./format.ts";
import { findTail, type TailStart } from "./tail.ts";
import type { DecodeOptions, EntryDecoder } from "./types.ts";

export interface ReadLogRequest {
  /** Of the current file; rotated ones have ".1", ".2", …, and ".gz" behind that where they are compressed. */
  readonly path: string;
  readonly format: LogFormatName;
  readonly decode: DecodeOptions;
  /** Lines from the end; undefined: all. */
  readonly tail: number | undefined;
  /** Go on until this resolves (the container has ended); undefined: stop at the end of the file. */
  readonly followUntil: Promise<unknown> | undefined;
  readonly signal: AbortSignal;
}

/** One reader's state on its way through the files. */
interface Reader {
  readonly request: ReadLogRequest;
  readonly format: LogFormat;
  readonly decoder: EntryDecoder;
}

/** A chunk decodes in about a millisecond: other work of the daemon fits between two. */
const CHUNK_BYTES = 512 * 1024;

const readAt = promisify(read);

/** A container's log across its rotated files, decoded, in chunks of many entries. */
export async function* readLog(request: ReadLogRequest): AsyncGenerator<Uint8Array> {
  using follower = request.followUntil && new LogFollower(request.path, request.followUntil, request.signal);
  const format = LOG_FORMATS[request.format];
  const reader: Reader = { request, format, decoder: format.createDecoder(request.decode) };
  const files = openLogFiles(request.path);
  try {
    const start = await startOf(reader, files);
    for (let index = start.index; index < files.length; index++) {
      const offset = index === start.index ? start.offset : format.headBytes;
      const isLast = index === files.length - 1;
      reader.decoder.reset();
      if (isLast && follower) yield* followFile(reader, follower, files[index]!, offset);
      else yield* readFile(reader, files[index]!, offset, isLast ? files[index]!.sizeBytes : undefined);
    }
    if (files.length === 0 && follower) yield* followFromNothing(reader, follower);
  } finally {
    for (const file of files) file[Symbol.dispose]();
  }
}

async function startOf({ request, format, decoder }: Reader, files: readonly LogFile[]): Promise<TailStart> {
  if (request.tail === undefined) return { index: 0, offset: format.headBytes, skipLines: 0 };
  const start = await findTail(files, format, request.tail);
  if (start.index > 0 || start.offset > format.headBytes || start.skipLines > 0)
    decoder.skipLines(start.skipLines);
  return start;
}

/** To the end of one file, or to `end`. @returns where that was */
async function* readFile(
  reader: Reader,
  file: LogFile,
  offset: number,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, number> {
  const { request, decoder } = reader;
  if (file.isCompressed) return yield* readWhole(reader, file, offset);
  const block = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = offset; ; ) {
    if (request.signal.aborted || decoder.isPastUntil || at >= end) return at;
    const { bytesRead } = await readAt(file.fd, block, 0, Math.min(CHUNK_BYTES, end - at), at);
    if (bytesRead === 0) return at;
    at += bytesRead;
    const decoded = decoder.push(block.subarray(0, bytesRead));
    if (decoded.length > 0) yield decoded;
  }
}

async function* readWhole(
  { request, decoder }: Reader,
  file: LogFile,
  offset: number,
): AsyncGenerator<Uint8Array, number> {
  let at = 0;
  for await (const chunk of readCompressed(file)) {
    if (request.signal.aborted || decoder.isPastUntil) return at;
    const decoded = decoder.push(at < offset ? chunk.subarray(offset - at) : chunk);
    at += chunk.length;
    if (decoded.length > 0) yield decoded;
  }
  return at;
}

/** From one file on through every successor, until the container has ended or the reader has gone. */
async function* followFile(
  reader: Reader,
  follower: LogFollower,
  first: LogFile,
  offset: number,
): AsyncGenerator<Uint8Array> {
  const { request, format, decoder } = reader;
  let file = first;
  let at = offset;
  try {
    for (;;) {
      const wasLast = follower.hasEnded; // asked before reading: what was written until then is read now
      const wasRotated = isRotated(request.path, file); // likewise: nobody writes to a rotated file any more
      at = yield* readFile(reader, file, at);
      if (request.signal.aborted || decoder.isPastUntil) return;
      if (!file.isCompressed && fstatSync(file.fd).size < at) {
        at = format.headBytes; // a log of one file is emptied instead of rotated
        decoder.reset();
        continue;
      }
      const next = wasRotated ? openNextFile(request.path, file) : undefined;
      if (next) {
        if (file !== first) file[Symbol.dispose]();
        file = next;
        at = format.headBytes;
        decoder.reset();
      } else if (wasLast) return;
      else await follower.nextChange();
    }
  } finally {
    if (file !== first) file[Symbol.dispose]();
  }
}

/** The container has written nothing yet: waits for its first file. */
async function* followFromNothing(reader: Reader, follower: LogFollower): AsyncGenerator<Uint8Array> {
  for (;;) {
    const wasLast = follower.hasEnded;
    const first = openNextFile(reader.request.path, undefined);
    if (first) {
      using file = first;
      yield* followFile(reader, follower, file, reader.format.headBytes);
      return;
    }
    if (wasLast) return;
    await follower.nextChange();
  }
}
