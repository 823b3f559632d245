import { InvalidArgument } from "./errors.ts";

/** Bytes in chunks of any size; what files, sockets and decompressors have in common. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** Lets `observe` see every chunk that passes: counting, hashing, a second consumer. */
export async function* tap(
  source: ByteSource,
  observe: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    observe(chunk);
    yield chunk;
  }
}

/**
 * The same bytes, with something that must happen when they have been read, have failed, or nobody wants them: also when
 * nobody ever began to read, which a generator's `finally` would not notice.
 * @param onEnd called once
 */
export function withEnd(source: ByteSource, onEnd: () => Promise<void>): AsyncIterableIterator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  let ending: Promise<void> | undefined;
  const end = () => (ending ??= onEnd());
  return {
    async next() {
      try {
        const piece = await pieces.next();
        if (piece.done) await end();
        return piece;
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      await end(); // first: it may be what a read under way waits for
      await pieces.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** @throws InvalidArgument at the chunk that passes `maxBytes`; that chunk is not delivered */
export async function* limitBytes(
  source: ByteSource,
  maxBytes: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.byteLength;
    if (total > maxBytes) throw new InvalidArgument(`${what}: more than ${maxBytes} bytes`);
    yield chunk;
  }
}

/** All bytes at once. @throws InvalidArgument when there are more than `maxBytes` */
export async function collectBytes(source: ByteSource, maxBytes: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of limitBytes(source, maxBytes, what)) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/**
 * Text lines without their "\n"; a last line without one counts too.
 * @throws InvalidArgument for a line longer than `maxLineBytes` (default 1 MiB)
 */
export async function* splitLines(source: ByteSource, maxLineBytes = 1 << 20): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  const keep = (piece: Uint8Array) => {
    restBytes += piece.byteLength;
    if (restBytes > maxLineBytes) throw new InvalidArgument(`a line is longer than ${maxLineBytes} bytes`);
    rest.push(piece);
  };
  const takeLine = (): string => {
    const line = Buffer.concat(rest).toString("utf8");
    rest = [];
    restBytes = 0;
    return line;
  };
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      yield takeLine();
      start = end + 1;
    }
    if (start < chunk.byteLength) keep(chunk.slice(start));
  }
  if (restBytes > 0) yield takeLine();
}

/**
 * The first `count` bytes (fewer where the source is shorter) and a source that still begins with them.
 * The second value must be read to its end or returned, else the source stays open.
 */
export async function peek(
  source: ByteSource,
  count: number,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let have = 0;
  while (have < count) {
    const next = await iterator.next();
    if (next.done) break;
    read.push(next.value);
    have += next.value.byteLength;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* read;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(read).subarray(0, count), all: all() };
}
