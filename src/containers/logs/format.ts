/** The two formats a supervisor writes, as what reading needs of each. */
import { LogDecoder } from "./decode.ts";
import { jsonTail } from "./json-tail.ts";
import { LocalDecoder } from "./local-decode.ts";
import { countLocalLines, LOCAL_FILE_HEAD_BYTES, localTail } from "./local-records.ts";
import type { DecodeOptions, EntryDecoder, LineCounter, TailInFile } from "./types.ts";

export type LogFormatName = "json" | "local";

export interface LogFormat {
  /** What stands before a file's first entry. */
  readonly headBytes: number;
  createDecoder(options: DecodeOptions): EntryDecoder;
  /** Where the last `wanted` lines before `end` begin in a plain file, or how many lines it has where they are fewer. */
  findTail(fd: number, wanted: number, end: number): TailInFile;
  /** For files that can only be read forwards. Takes what stands behind the head. */
  createCounter(): LineCounter;
}

export const LOG_FORMATS: Readonly<Record<LogFormatName, LogFormat>> = {
  json: {
    headBytes: 0,
    createDecoder: (options) => new LogDecoder(options),
    findTail: jsonTail,
    createCounter: countNewlines,
  },
  local: {
    headBytes: LOCAL_FILE_HEAD_BYTES,
    createDecoder: (options) => new LocalDecoder(options),
    findTail: localTail,
    createCounter: countLocalLines,
  },
};

const NEWLINE = 10;

function countNewlines(): LineCounter {
  let lines = 0;
  return {
    push(chunk) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
    },
    get lines() {
      return lines;
    },
  };
}
