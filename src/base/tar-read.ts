import type { ByteSource } from "./streams.ts";
import { TarArchive, type TarSink, type Want } from "./tar-archive.ts";
import type { TarEntry } from "./tar-header.ts";

export interface TarReadOptions {
  /** Bound of each long name, PAX header and sparse map, and of all global headers together. Default 1 MiB. */
  readonly maxMetadataBytes?: number;
}

/**
 * Synchronous reader of ustar, PAX and GNU archives: give it bytes in chunks of any size with `push`, then `finish`.
 * What stands after the end mark is not looked at.
 * @throws InvalidArgument `tar: entry N "name": reason` for anything that cannot be read with certainty
 */
export class TarParser {
  readonly #archive: TarArchive;
  readonly #steps: Generator<Want, void, Uint8Array | undefined>;
  #want: Want | undefined;
  #buffer = new Uint8Array(512);
  #have = 0;
  #offset = 0;

  constructor(sink: TarSink, options: TarReadOptions = {}) {
    this.#archive = new TarArchive(sink, options.maxMetadataBytes ?? 1 << 20);
    this.#steps = this.#archive.read();
    this.#resume(undefined);
  }

  /** Where in the archive what comes next begins; during `entry` of a file that is its first byte. */
  get offset(): number {
    return this.#offset;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength && this.#want; ) {
      const { bytes, whole } = this.#want;
      const take = Math.min(bytes - this.#have, chunk.byteLength - at);
      const piece = chunk.subarray(at, at + take);
      at += take;
      this.#offset += take;
      if (!whole || take === bytes) this.#resume(piece);
      else this.#gather(piece, bytes);
    }
  }

  /** Ends the input. @throws InvalidArgument when the archive is cut inside a header or a file */
  finish(): void {
    if (this.#have > 0) this.#archive.cut();
    if (this.#want) this.#resume(undefined);
  }

  #gather(piece: Uint8Array, wantBytes: number): void {
    if (this.#buffer.byteLength < wantBytes) this.#buffer = new Uint8Array(wantBytes);
    this.#buffer.set(piece, this.#have);
    this.#have += piece.byteLength;
    if (this.#have < wantBytes) return;
    this.#have = 0;
    this.#resume(this.#buffer.subarray(0, wantBytes));
  }

  #resume(piece: Uint8Array | undefined): void {
    const step = this.#steps.next(piece);
    this.#want = step.done ? undefined : step.value;
  }
}

export interface TarMember {
  readonly entry: TarEntry;
  /** The file's bytes, the holes of sparse files as zeros. What is not read is skipped by asking for the next member. */
  readonly body: AsyncGenerator<Uint8Array>;
}

/** The members of an archive one after the other; memory stays at one chunk of the source. */
export async function* readTar(source: ByteSource, options?: TarReadOptions): AsyncGenerator<TarMember> {
  await using events = new TarEvents(source, options);
  for (;;) {
    const event = await events.next();
    if (!event) return;
    if (event.kind === "entry") yield { entry: event.entry, body: bodyOf(events, event.entry) };
  }
}

type TarEvent =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  | { readonly kind: "data"; readonly chunk: Uint8Array; readonly offset: number }
  | { readonly kind: "end" };

const END: TarEvent = { kind: "end" };

/** Turns the parser's calls into values to be pulled; holds the events of one chunk at most. */
class TarEvents implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #parser: TarParser;
  #events: TarEvent[] = [];
  #at = 0;
  /** Last entry handed out: a body of an earlier one has nothing more to read. */
  current: TarEntry | undefined;

  constructor(source: ByteSource, options?: TarReadOptions) {
    this.#source = source[Symbol.asyncIterator]();
    const sink: TarSink = {
      entry: (entry) => this.#events.push({ kind: "entry", entry }),
      data: (chunk, offset) => this.#events.push({ kind: "data", chunk, offset }),
      end: () => this.#events.push(END),
    };
    this.#parser = new TarParser(sink, options);
  }

  async next(): Promise<TarEvent | undefined> {
    while (this.#at === this.#events.length) {
      this.#events = [];
      this.#at = 0;
      const input = await this.#source.next();
      if (!input.done) this.#parser.push(input.value);
      else {
        this.#parser.finish();
        return undefined;
      }
    }
    const event = this.#events[this.#at++]!;
    if (event.kind === "entry") this.current = event.entry;
    return event;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }
}

const HOLE = new Uint8Array(1 << 16);

async function* bodyOf(events: TarEvents, entry: TarEntry): AsyncGenerator<Uint8Array> {
  let done = 0;
  while (events.current === entry) {
    const event = await events.next();
    const upTo = event?.kind === "data" ? event.offset : entry.sizeBytes;
    for (; done < upTo; done = Math.min(upTo, done + HOLE.byteLength))
      yield HOLE.subarray(0, Math.min(HOLE.byteLength, upTo - done));
    if (event?.kind !== "data") return;
    yield event.chunk;
    done = event.offset + event.chunk.byteLength;
  }
}
