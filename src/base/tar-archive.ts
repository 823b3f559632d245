/** The order of things in a tar archive, written as generators that ask for the bytes they need next. */
import { InvalidArgument, messageOf } from "./errors.ts";
import { decodeRaw } from "./raw-text.ts";
import { type EntryPlan, NO_OVERRIDES, type Overrides, planEntry, withPax } from "./tar-entry.ts";
import {
  BLOCK_BYTES,
  FIELD,
  hasValidChecksum,
  isZeroBlock,
  readNumber,
  readText,
  roundUpToBlock,
  type SparseRun,
  type TarEntry,
} from "./tar-header.ts";
import { parsePax } from "./tar-pax.ts";
import { isValidSparseMap, LeadingSparseMap, OLD_SPARSE, readOldRuns } from "./tar-sparse.ts";

/** What a reader of tar archives tells, in archive order. */
export interface TarSink {
  /** A new entry. Its bytes follow in `data`, then comes `end`, also for entries without a body. */
  entry(entry: TarEntry): void;
  /**
   * @param chunk a view, valid only during the call
   * @param offset where in the file; the holes of sparse files are left out
   */
  data(chunk: Uint8Array, offset: number): void;
  end(): void;
}

/** A request for input: all of `bytes` in one piece, or whatever is there up to `bytes`. */
export interface Want {
  readonly bytes: number;
  readonly whole: boolean;
}

/** Answered with bytes, or with undefined when the input has ended. */
type Steps<T> = Generator<Want, T, Uint8Array | undefined>;

const WHOLE_BLOCK: Want = { bytes: BLOCK_BYTES, whole: true };
const EXTENDED_HEADERS = new Set(["x", "g", "L", "K"]);

export class TarArchive {
  readonly #sink: TarSink;
  readonly #maxMetadataBytes: number;
  #globals = NO_OVERRIDES;
  #globalBytes = 0;
  /** Of the entry being read, counted from 1. */
  #number = 0;
  #name = "";

  constructor(sink: TarSink, maxMetadataBytes: number) {
    this.#sink = sink;
    this.#maxMetadataBytes = maxMetadataBytes;
  }

  /** The input has ended inside a block. */
  cut(): never {
    this.#fail("archive ends inside a header");
  }

  /** Reads to the end mark, or to the end of input between two entries, which many writers leave it at. */
  *read(): Steps<void> {
    for (;;) {
      this.#number += 1;
      const plan = yield* this.#headers();
      if (!plan) return;
      yield* this.#member(plan);
    }
  }

  *#headers(): Steps<EntryPlan | undefined> {
    let own = NO_OVERRIDES;
    for (;;) {
      const block = yield* this.#header(own === NO_OVERRIDES);
      if (!block) return undefined;
      const flag = String.fromCharCode(block[FIELD.typeFlag[0]]!);
      const overrides = own === NO_OVERRIDES ? this.#globals : own;
      if (!EXTENDED_HEADERS.has(flag)) return this.#attempt(() => planEntry(block, overrides));
      const bytes = yield* this.#metadata(flag, block);
      if (flag === "g") this.#globals = this.#attempt(() => withPax(this.#globals, parsePax(bytes)));
      else own = this.#attempt(() => extend(overrides, flag, bytes));
    }
  }

  /** @returns undefined at the end of the archive, which may come only before the first header of an entry */
  *#header(mayEnd: boolean): Steps<Uint8Array | undefined> {
    const block = yield WHOLE_BLOCK;
    if (block && !isZeroBlock(block)) return this.#checked(block);
    if (!mayEnd) this.cut();
    if (!block) return undefined;
    const second = yield WHOLE_BLOCK;
    if (second && !isZeroBlock(second)) this.#fail("a single zero block instead of the end mark");
    return undefined;
  }

  #checked(block: Uint8Array): Uint8Array {
    this.#name = readText(block, FIELD.name);
    if (hasValidChecksum(block)) return block;
    this.#fail(this.#number === 1 ? "bad checksum, so this is no tar archive" : "bad checksum");
  }

  *#metadata(flag: string, header: Uint8Array): Steps<Uint8Array> {
    const size = readNumber(header, FIELD.size);
    if (size === undefined || size <= 0) this.#fail("malformed extended header");
    if (flag === "g") this.#globalBytes += size;
    const total = flag === "g" ? this.#globalBytes : size;
    if (total > this.#maxMetadataBytes)
      this.#fail(`extended header of ${total} bytes, at most ${this.#maxMetadataBytes} are allowed`);
    const bytes = yield { bytes: roundUpToBlock(size), whole: true };
    if (!bytes) this.cut();
    return bytes.subarray(0, size);
  }

  *#member(plan: EntryPlan): Steps<void> {
    this.#name = plan.entry.name;
    let { entry, dataBytes } = plan;
    if (entry.sparse) {
      const map = yield* this.#sparseMap(plan);
      dataBytes -= map.leadingBytes;
      if (!isValidSparseMap(map.runs, entry.sizeBytes, dataBytes))
        this.#fail("sparse map does not fit the file");
      entry = { ...entry, sparse: map.runs };
    }
    this.#sink.entry(entry);
    const runs = entry.sparse ?? [{ offset: 0, length: dataBytes }];
    for (const run of runs) yield* this.#run(run, entry.sizeBytes);
    this.#sink.end();
    for (let left = roundUpToBlock(dataBytes) - dataBytes; left > 0; ) {
      const padding = yield { bytes: left, whole: false };
      if (!padding) return; // the last file's padding may be missing
      left -= padding.byteLength;
    }
  }

  /** One run of data; an ordinary file has one. */
  *#run({ offset, length }: SparseRun, sizeBytes: number): Steps<void> {
    for (let done = 0; done < length; ) {
      const chunk = yield { bytes: length - done, whole: false };
      if (!chunk) this.#fail(`archive ends after ${offset + done} of ${sizeBytes} bytes`);
      this.#sink.data(chunk, offset + done);
      done += chunk.byteLength;
    }
  }

  *#sparseMap(plan: EntryPlan): Steps<{ runs: readonly SparseRun[]; leadingBytes: number }> {
    const runs = [...plan.entry.sparse!];
    if (plan.mapFollows === "leading") return yield* this.#leadingMap(plan.dataBytes);
    let more = plan.mapFollows === "old";
    for (let blocks = 1; more; blocks++) {
      const block = yield* this.#mapBlock(blocks * BLOCK_BYTES);
      const further = readOldRuns(block, OLD_SPARSE.extension);
      if (!further) this.#fail("malformed sparse map");
      runs.push(...further);
      more = block[OLD_SPARSE.extension.more] !== 0;
    }
    return { runs, leadingBytes: 0 };
  }

  *#leadingMap(dataBytes: number): Steps<{ runs: readonly SparseRun[]; leadingBytes: number }> {
    const map = new LeadingSparseMap();
    for (
      let leadingBytes = BLOCK_BYTES;
      leadingBytes <= roundUpToBlock(dataBytes);
      leadingBytes += BLOCK_BYTES
    ) {
      const runs = map.push(yield* this.#mapBlock(leadingBytes));
      if (!runs) break;
      if (runs !== "more") return { runs, leadingBytes };
    }
    this.#fail("malformed sparse map");
  }

  *#mapBlock(total: number): Steps<Uint8Array> {
    if (total > this.#maxMetadataBytes) this.#fail(`sparse map of more than ${this.#maxMetadataBytes} bytes`);
    const block = yield WHOLE_BLOCK;
    if (!block) this.#fail("archive ends inside a sparse map");
    return block;
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  #fail(reason: string): never {
    throw new InvalidArgument(
      `tar: entry ${this.#number} ${JSON.stringify(this.#name.slice(0, 200))}: ${reason}`,
    );
  }
}

function extend(known: Overrides, flag: string, bytes: Uint8Array): Overrides {
  if (flag === "x") return withPax(known, parsePax(bytes));
  const end = bytes.indexOf(0);
  const text = decodeRaw(end < 0 ? bytes : bytes.subarray(0, end));
  return flag === "L" ? { ...known, longName: text } : { ...known, longLink: text };
}
