/** Local log files as the supervisor writes them, for tests. */

export interface FakeRecord {
  readonly text: string;
  readonly stderr?: boolean;
  readonly continues?: boolean;
  readonly nanos?: bigint;
}

export function localFile(base: number, records: readonly FakeRecord[]): Buffer {
  const head = Buffer.from("whrflog1\0\0\0\0\0\0\0\0", "latin1");
  head.writeBigUInt64BE(BigInt(base), 8);
  return Buffer.concat([head, ...records.map(localRecord)]);
}

export function localRecord({ text, stderr = false, continues = false, nanos = 0n }: FakeRecord): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(payload.length, 0);
  head[4] = (stderr ? 2 : 1) | (continues ? 0x80 : 0);
  head.writeBigUInt64BE(nanos, 8);
  return Buffer.concat([head, payload, head.subarray(0, 4)]);
}

/** Bytes of records in such a file. */
export function sizeOfRecords(file: Buffer): number {
  return file.length - 16;
}
