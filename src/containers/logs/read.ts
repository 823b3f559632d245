import { fstatSync, read } from "node:fs";
import { promisify } from "node:util";
import { type DecodeOptions, LogDecoder } from "./decode.ts";
import { findTail, isRotated, type LogFile, openLogFiles, openNextFile } from "./files.ts";
import { LogFollower } from "./follow.ts";

export interface ReadLogRequest {
  /** Of the current file; rotated ones have ".1", ".2", … */
  readonly path: string;
  readonly decode: DecodeOptions;
  /** Lines from the end; undefined: all. */
  readonly tail: number | undefined;
  /** Go on until this resolves (the container has ended); undefined: stop at the end of the file. */
  readonly followUntil: Promise<unknown> | undefined;
  readonly signal: AbortSignal;
}

/** A chunk decodes in about a millisecond: other work of the daemon fits between two. */
const CHUNK_BYTES = 512 * 1024;

const readAt = promisify(read);

/** A json-file log across its rotated files, decoded, in chunks of many entries. */
export async function* readLog(request: ReadLogRequest): AsyncGenerator<Uint8Array> {
  using follower = request.followUntil && new LogFollower(request.path, request.followUntil, request.signal);
  const decoder = new LogDecoder(request.decode);
  const files = openLogFiles(request.path);
  try {
    const start = request.tail === undefined ? { index: 0, offset: 0 } : findTail(files, request.tail);
    for (let index = start.index; index < files.length; index++) {
      const offset = index === start.index ? start.offset : 0;
      const isLast = index === files.length - 1;
      if (isLast && follower) yield* followFile(request, decoder, follower, files[index]!, offset);
      else yield* readFile(request, decoder, files[index]!, offset);
    }
    if (files.length === 0 && follower) yield* followFromNothing(request, decoder, follower);
  } finally {
    for (const file of files) file[Symbol.dispose]();
  }
}

/** To the end of one file. @returns where that was */
async function* readFile(
  request: ReadLogRequest,
  decoder: LogDecoder,
  file: LogFile,
  offset: number,
): AsyncGenerator<Uint8Array, number> {
  const block = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = offset; ; ) {
    if (request.signal.aborted || decoder.isPastUntil) return at;
    const { bytesRead } = await readAt(file.fd, block, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return at;
    at += bytesRead;
    const decoded = decoder.push(block.subarray(0, bytesRead));
    if (decoded.length > 0) yield decoded;
  }
}

/** From one file on through every successor, until the container has ended or the reader has gone. */
async function* followFile(
  request: ReadLogRequest,
  decoder: LogDecoder,
  follower: LogFollower,
  first: LogFile,
  offset: number,
): AsyncGenerator<Uint8Array> {
  let file = first;
  let at = offset;
  try {
    for (;;) {
      const wasLast = follower.hasEnded; // asked before reading: what was written until then is read now
      const wasRotated = isRotated(request.path, file); // likewise: nobody writes to a rotated file any more
      at = yield* readFile(request, decoder, file, at);
      if (request.signal.aborted || decoder.isPastUntil) return;
      if (fstatSync(file.fd).size < at) {
        at = 0; // a log of one file is emptied instead of rotated
        decoder.reset();
        continue;
      }
      const next = wasRotated ? openNextFile(request.path, file.inode) : undefined;
      if (next) {
        if (file !== first) file[Symbol.dispose]();
        file = next;
        at = 0;
        decoder.reset();
      } else if (wasLast) return;
      else await follower.nextChange();
    }
  } finally {
    if (file !== first) file[Symbol.dispose]();
  }
}

/** The container has written nothing yet: waits for its first file. */
async function* followFromNothing(
  request: ReadLogRequest,
  decoder: LogDecoder,
  follower: LogFollower,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const wasLast = follower.hasEnded;
    const first = openNextFile(request.path, -1);
    if (first) {
      using file = first;
      yield* followFile(request, decoder, follower, file, 0);
      return;
    }
    if (wasLast) return;
    await follower.nextChange();
  }
}
