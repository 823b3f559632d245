import { InvalidArgument } from "./errors.ts";
import { encodeRaw } from "./raw-text.ts";
import type { ByteSource } from "./streams.ts";
import { XATTR_PREFIX } from "./tar-entry.ts";
import {
  BLOCK_BYTES,
  checksums,
  FIELD,
  roundUpToBlock,
  type TarEntryType,
  type TarTime,
} from "./tar-header.ts";
import { encodePax, formatPaxTime, type PaxRecord } from "./tar-pax.ts";

/** What is written of one file. Owner names, access times and the writer's clock are left out: equal input, equal bytes. */
export interface TarHeader {
  /** A directory's name gets its trailing "/" by itself. */
  readonly name: string;
  readonly type: Exclude<TarEntryType, "other">;
  /** Permission, setuid, setgid and sticky bits. */
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Exact length of the body; only files have one. */
  readonly sizeBytes?: number;
  /** Default: 1970. */
  readonly mtime?: TarTime;
  readonly linkName?: string;
  readonly deviceMajor?: number;
  readonly deviceMinor?: number;
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

export interface TarWriteOptions {
  /** Keep nanoseconds, which costs a PAX header (1 KiB) for nearly every file. Default false. */
  readonly subSecondTimes?: boolean;
}

export interface TarMemberSource {
  readonly header: TarHeader;
  readonly body?: Uint8Array | ByteSource;
}

/**
 * A whole archive as a stream, end mark included.
 * @throws InvalidArgument when a body has not exactly the length its header says, or a field cannot be written
 */
export async function* writeTar(
  members: Iterable<TarMemberSource> | AsyncIterable<TarMemberSource>,
  options: TarWriteOptions = {},
): AsyncGenerator<Uint8Array> {
  for await (const { header, body } of members) {
    yield encodeTarHeader(header, options);
    const sizeBytes = header.sizeBytes ?? 0;
    if (body) yield* exactly(body instanceof Uint8Array ? [body] : body, sizeBytes, header.name);
    else if (sizeBytes > 0) throw bodyError(header.name, 0, sizeBytes);
    const padding = roundUpToBlock(sizeBytes) - sizeBytes;
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield TAR_END.slice();
}

/** The two zero blocks every archive ends with. */
export const TAR_END = new Uint8Array(2 * BLOCK_BYTES);

/** Header blocks of one entry: ustar, with a PAX header before it only where ustar cannot say it. */
export function encodeTarHeader(header: TarHeader, options: TarWriteOptions = {}): Uint8Array {
  const draft = draftOf(header, options);
  const plain = encodeUstar(draft);
  if (draft.pax.length === 0) return plain;
  const records = encodePax(draft.pax.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
  const paxHeader = encodeUstar({
    ...draft,
    name: Buffer.from(`PaxHeaders/${baseName(header.name)}`).subarray(0, 100),
    prefix: NOTHING,
    linkName: NOTHING,
    typeFlag: "x",
    numbers: { mode: 0o644, size: records.byteLength },
  });
  const padding = new Uint8Array(roundUpToBlock(records.byteLength) - records.byteLength);
  return Buffer.concat([paxHeader, records, padding, plain]);
}

type NumberField = "mode" | "uid" | "gid" | "size" | "mtime" | "deviceMajor" | "deviceMinor";

/** One ustar header, each field fitting its place, and the records for what did not fit. */
interface Draft {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly linkName: Uint8Array;
  readonly typeFlag: string;
  readonly numbers: Readonly<Partial<Record<NumberField, number>>>;
  readonly pax: readonly PaxRecord[];
}

const NOTHING = new Uint8Array(0);

const FLAG_OF_TYPE = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
} as const satisfies Record<TarHeader["type"], string>;

function draftOf(header: TarHeader, { subSecondTimes = false }: TarWriteOptions): Draft {
  const pax: PaxRecord[] = [];
  const add = (key: string, value: string) => pax.push({ key, value: encodeRaw(value) });
  const fitNumber = (field: "uid" | "gid" | "size" | "mtime", value: number, text?: string): number => {
    const fits = value >= 0 && value < 8 ** (FIELD[field][1] - 1);
    if (text !== undefined || !fits) add(field, text ?? String(value));
    return fits ? value : 0;
  };
  const name = header.type === "directory" && !header.name.endsWith("/") ? `${header.name}/` : header.name;
  const split = splitName(encodeRaw(name));
  if (!split) add("path", name);
  const linkName = encodeRaw(header.linkName ?? "");
  const linkFits = linkName.byteLength <= FIELD.linkName[1];
  if (!linkFits) add("linkpath", header.linkName!);
  const mtime = header.mtime ?? { seconds: 0, nanos: 0 };
  const exactTime = subSecondTimes && mtime.nanos > 0 ? formatPaxTime(mtime) : undefined;
  for (const [key, value] of header.xattrs ?? []) pax.push({ key: xattrKey(key, name), value });
  return {
    name: split?.name ?? Buffer.from(baseName(name)).subarray(0, 100),
    prefix: split?.prefix ?? NOTHING,
    linkName: linkFits ? linkName : linkName.subarray(0, FIELD.linkName[1]),
    typeFlag: FLAG_OF_TYPE[header.type],
    numbers: {
      mode: header.mode & 0o7777,
      uid: fitNumber("uid", header.uid ?? 0),
      gid: fitNumber("gid", header.gid ?? 0),
      size: fitNumber("size", header.sizeBytes ?? 0),
      mtime: fitNumber("mtime", mtime.seconds, exactTime),
      deviceMajor: header.deviceMajor ?? 0,
      deviceMinor: header.deviceMinor ?? 0,
    },
    pax,
  };
}

/** A long name cut at a "/" into ustar's two fields; undefined when no cut fits. */
function splitName(
  bytes: Uint8Array,
): { readonly name: Uint8Array; readonly prefix: Uint8Array } | undefined {
  const [, nameMax] = FIELD.name;
  const [, prefixMax] = FIELD.prefix;
  if (bytes.byteLength <= nameMax) return { name: bytes, prefix: NOTHING };
  const slash = bytes.indexOf(0x2f, bytes.byteLength - nameMax - 1);
  if (slash <= 0 || slash > prefixMax || slash === bytes.byteLength - 1) return undefined;
  return { name: bytes.subarray(slash + 1), prefix: bytes.subarray(0, slash) };
}

function encodeUstar(draft: Draft): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(draft.name, FIELD.name[0]);
  block.set(draft.linkName, FIELD.linkName[0]);
  block.set(draft.prefix, FIELD.prefix[0]);
  block.write(draft.typeFlag, FIELD.typeFlag[0]);
  block.write("ustar\x0000", FIELD.magic[0]);
  for (const field of ["mode", "uid", "gid", "size", "mtime", "deviceMajor", "deviceMinor"] as const)
    writeOctal(block, FIELD[field], draft.numbers[field] ?? 0);
  block.write(`${checksums(block).unsigned.toString(8).padStart(6, "0")}\0 `, FIELD.checksum[0], "latin1");
  return block;
}

function writeOctal(block: Buffer, [offset, length]: readonly [number, number], value: number): void {
  const digits = value.toString(8).padStart(length - 1, "0");
  if (digits.length >= length) throw new InvalidArgument(`tar: number ${value} does not fit a header`);
  block.write(digits, offset, "latin1");
}

function xattrKey(name: string, file: string): string {
  if (name.includes("="))
    throw new InvalidArgument(`tar: ${JSON.stringify(file)}: attribute ${name} contains "="`);
  return XATTR_PREFIX + name;
}

function baseName(path: string): string {
  return path
    .replace(/\/+$/, "")
    .split("/")
    .at(-1)!
    .replace(/[^\x20-\x7e]/gu, "_");
}

async function* exactly(
  body: Iterable<Uint8Array> | ByteSource,
  sizeBytes: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of body) {
    total += chunk.byteLength;
    if (total > sizeBytes) throw bodyError(name, total, sizeBytes);
    yield chunk;
  }
  if (total < sizeBytes) throw bodyError(name, total, sizeBytes);
}

function bodyError(name: string, actual: number, announced: number): InvalidArgument {
  return new InvalidArgument(
    `tar: ${JSON.stringify(name)}: body of ${actual} bytes, its header announced ${announced}`,
  );
}
