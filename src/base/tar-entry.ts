/** From a tar header and the extended headers before it to one entry. */
import { decodeRaw } from "./raw-text.ts";
import {
  FIELD,
  MAX_ID,
  readNumber,
  readText,
  type SparseRun,
  type TarEntry,
  type TarEntryType,
  type TarTime,
  TYPE_OF_FLAG,
} from "./tar-header.ts";
import { type PaxRecord, parsePaxTime } from "./tar-pax.ts";
import { OLD_SPARSE, readOldRuns, runsOfNumbers } from "./tar-sparse.ts";

/** What extended headers say about the entry that follows them. */
export interface Overrides {
  /** GNU's "L" and "K" headers. */
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
  readonly pax: ReadonlyMap<string, Uint8Array>;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Offsets and lengths of GNU's sparse format 0.0, which repeats its keys. */
  readonly sparseNumbers: readonly string[] | undefined;
}

const NO_VALUES: ReadonlyMap<string, Uint8Array> = new Map();
export const NO_OVERRIDES: Overrides = {
  longName: undefined,
  longLink: undefined,
  pax: NO_VALUES,
  xattrs: NO_VALUES,
  sparseNumbers: undefined,
};

/** Adds PAX records to what is known; an empty value takes an earlier one back. */
export function withPax(known: Overrides, records: readonly PaxRecord[]): Overrides {
  const pax = new Map(known.pax);
  const xattrs = new Map(known.xattrs);
  const sparseNumbers: string[] = [];
  for (const { key, value } of records) {
    if (key.startsWith(XATTR_PREFIX)) xattrs.set(key.slice(XATTR_PREFIX.length), value);
    else if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes")
      sparseNumbers.push(decodeRaw(value));
    else if (value.byteLength === 0) pax.delete(key);
    else pax.set(key, value);
  }
  return { ...known, pax, xattrs, sparseNumbers: sparseNumbers.length > 0 ? sparseNumbers : undefined };
}

export const XATTR_PREFIX = "SCHILY.xattr.";

/** An entry, and what of it is still to come in the archive. */
export interface EntryPlan {
  readonly entry: TarEntry;
  /** Bytes that follow the header, without padding; with "leading" the map is among them. */
  readonly dataBytes: number;
  /** Where the rest of the sparse map is: in blocks before the data, or nowhere. */
  readonly mapFollows: "old" | "leading" | undefined;
}

/** @throws Error with the reason when a field is malformed or out of range */
export function planEntry(block: Uint8Array, overrides: Overrides): EntryPlan {
  const { pax } = overrides;
  const flagByte = block[FIELD.typeFlag[0]]!;
  const typeFlag = flagByte === 0 ? "0" : String.fromCharCode(flagByte);
  const name = overrides.longName ?? paxText(pax, "path") ?? headerName(block);
  const type = flagByte === 0 && name.endsWith("/") ? "directory" : (TYPE_OF_FLAG[typeFlag] ?? "other");
  const hasBody = type === "file" || type === "other";
  const storedBytes = paxNumber(pax, "size") ?? required(readNumber(block, FIELD.size), "size");
  const dataBytes = hasBody ? inRange(storedBytes, "size", Number.MAX_SAFE_INTEGER) : 0;
  const sparse = type === "file" ? planSparse(block, typeFlag, overrides) : undefined;
  const isDevice = type === "character" || type === "block";
  const entry: TarEntry = {
    name: noZero(sparse?.name ?? name, "name"),
    type,
    typeFlag,
    mode: required(readNumber(block, FIELD.mode), "mode") & 0o7777,
    uid: inRange(paxNumber(pax, "uid") ?? required(readNumber(block, FIELD.uid), "uid"), "uid", MAX_ID),
    gid: inRange(paxNumber(pax, "gid") ?? required(readNumber(block, FIELD.gid), "gid"), "gid", MAX_ID),
    sizeBytes: sparse?.sizeBytes ?? dataBytes,
    mtime: paxTime(pax) ?? { seconds: required(readNumber(block, FIELD.mtime), "mtime"), nanos: 0 },
    linkName: linkNameOf(block, type, overrides),
    deviceMajor: isDevice ? deviceNumber(block, "deviceMajor") : 0,
    deviceMinor: isDevice ? deviceNumber(block, "deviceMinor") : 0,
    xattrs: overrides.xattrs,
    sparse: sparse?.runs,
  };
  return { entry, dataBytes, mapFollows: sparse?.mapFollows };
}

interface SparsePlan {
  readonly runs: readonly SparseRun[];
  readonly sizeBytes: number;
  readonly name: string | undefined;
  readonly mapFollows: "old" | "leading" | undefined;
}

function planSparse(block: Uint8Array, typeFlag: string, overrides: Overrides): SparsePlan | undefined {
  const { pax, sparseNumbers } = overrides;
  const name = paxText(pax, "GNU.sparse.name");
  if (typeFlag === "S") {
    const mapFollows = block[OLD_SPARSE.header.more] ? "old" : undefined;
    const sizeBytes = required(readNumber(block, OLD_SPARSE.header.realSize), "real size");
    return {
      runs: required(readOldRuns(block, OLD_SPARSE.header), "sparse map"),
      sizeBytes,
      name,
      mapFollows,
    };
  }
  if (pax.has("GNU.sparse.major")) {
    const version = `${paxText(pax, "GNU.sparse.major")}.${paxText(pax, "GNU.sparse.minor") ?? "0"}`;
    if (version !== "1.0") throw new Error(`unknown sparse format ${version}`);
    const sizeBytes = required(paxNumber(pax, "GNU.sparse.realsize"), "GNU.sparse.realsize");
    return { runs: [], sizeBytes, name, mapFollows: "leading" };
  }
  const numbers = sparseNumbers ?? paxText(pax, "GNU.sparse.map")?.split(",");
  if (!numbers) return undefined;
  const sizeBytes = required(paxNumber(pax, "GNU.sparse.size"), "GNU.sparse.size");
  return { runs: required(runsOfNumbers(numbers), "sparse map"), sizeBytes, name, mapFollows: undefined };
}

function headerName(block: Uint8Array): string {
  const name = readText(block, FIELD.name);
  const isUstar = readText(block, FIELD.magic) === "ustar"; // GNU's magic goes on with blanks, and it has no prefix
  const prefix = isUstar ? readText(block, FIELD.prefix) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function linkNameOf(block: Uint8Array, type: TarEntryType, { pax, longLink }: Overrides): string {
  if (type !== "symlink" && type !== "hardlink") return "";
  return noZero(longLink ?? paxText(pax, "linkpath") ?? readText(block, FIELD.linkName), "link target");
}

function deviceNumber(block: Uint8Array, field: "deviceMajor" | "deviceMinor"): number {
  return inRange(required(readNumber(block, FIELD[field]), field), field, 0xffff_ffff);
}

function paxText(pax: ReadonlyMap<string, Uint8Array>, key: string): string | undefined {
  const value = pax.get(key);
  return value && decodeRaw(value);
}

function paxNumber(pax: ReadonlyMap<string, Uint8Array>, key: string): number | undefined {
  const text = paxText(pax, key);
  if (text === undefined) return undefined;
  return required(/^\d{1,15}$/.test(text) ? Number(text) : undefined, key);
}

function paxTime(pax: ReadonlyMap<string, Uint8Array>): TarTime | undefined {
  const text = paxText(pax, "mtime");
  return text === undefined ? undefined : required(parsePaxTime(text), "mtime");
}

function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`malformed ${field}`);
  return value;
}

function inRange(value: number, field: string, max: number): number {
  if (value < 0 || value > max) throw new Error(`${field} ${value} is out of range`);
  return value;
}

function noZero(text: string, field: string): string {
  if (text.includes("\0")) throw new Error(`${field} contains a zero byte`);
  return text;
}
