/** What readers of logs share, whatever the format. */

export interface DecodeOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Docker's frames, one for each entry; without them (a terminal's output) the bytes come bare. */
  readonly framed: boolean;
  readonly timestamps: boolean;
  readonly details: boolean;
  /** Nanoseconds since 1970, both included. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  /** Neighbouring entries of one stream share a frame: its reader writes once for many lines. */
  readonly mergeFrames?: boolean;
  /** What `details` shows where the entries do not carry it themselves. */
  readonly attrs?: Readonly<Record<string, string>>;
}

/** Turns a log's bytes into what clients read. Takes chunks of any size. */
export interface EntryDecoder {
  /** An entry younger than `until` was seen: the rest of the log is younger still. */
  readonly isPastUntil: boolean;
  /** @returns fresh memory, empty where the chunk completed no wanted entry */
  push(chunk: Uint8Array): Uint8Array;
  /** Forgets half an entry: what follows comes from another file. */
  reset(): void;
  /** The next so many lines are not wanted, nor the end of one whose beginning was not seen. */
  skipLines(count: number): void;
}

export interface LineCounter {
  readonly lines: number;
  push(chunk: Uint8Array): void;
}

export interface TailInFile {
  /** Of the entry the tail begins in; undefined where the file has fewer lines than were wanted. */
  readonly offset: number | undefined;
  /** Lines of that entry that do not belong to the tail. */
  readonly skipLines: number;
  /** How many there are, up to the number wanted. */
  readonly lines: number;
}
