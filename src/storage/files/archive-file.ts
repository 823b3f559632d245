/** One file as an entry of an archive, read by descriptor. */
import { type BigIntStats, fstatSync, readlinkSync } from "node:fs";
import { isKeptXattr } from "#base/kept-xattrs.ts";
import { decodeRaw } from "#base/raw-text.ts";
import { roundUpToBlock, type TarTime } from "#base/tar-header.ts";
import { encodeTarHeader, type TarHeader } from "#base/tar-write.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import { close, openat, read } from "#kernel/files/at.ts";
import { getXattr, listXattrs } from "#kernel/files/xattr.ts";
import { fileName, procPath } from "../layer/below.ts";
import { containerId, type FileIds } from "./ids.ts";

const READ_BYTES = 1 << 20;

/** A file held by a descriptor (O_PATH) and where it was found: for its link text and attributes. */
export interface OpenFile {
  readonly fd: number;
  readonly stat: BigIntStats;
  readonly parentFd: number;
  readonly name: string;
}

/** Opens a file to look at it: no link is followed, no device or pipe is opened. */
export function openFile(parentFd: number, name: string): OpenFile {
  const fd = openat(parentFd, fileName(name), O.PATH | O.NOFOLLOW);
  return { fd, stat: fstatSync(fd, { bigint: true }), parentFd, name };
}

/** Writes files as entries, further names of one file as hard links to the first. */
export class FileArchiver {
  readonly #ids: FileIds | undefined;
  /** Names in the archive, by device and inode. */
  readonly #firstNames = new Map<string, string>();
  readonly #buffer = new Uint8Array(READ_BYTES);

  constructor(ids?: FileIds) {
    this.#ids = ids;
  }

  /** Chunks are valid until the next is asked for. Sockets, which no archive can hold, are left out. */
  *entry(file: OpenFile, entryName: string): Generator<Uint8Array> {
    const { stat } = file;
    const type = typeOf(stat);
    if (type === undefined) return;
    const common = {
      name: entryName,
      mode: Number(stat.mode) & 0o7777,
      uid: containerId(this.#ids?.uids, Number(stat.uid)),
      gid: containerId(this.#ids?.gids, Number(stat.gid)),
      mtime: timeOf(stat.mtimeNs),
    };
    const linkName = stat.isDirectory() ? undefined : this.#firstName(stat, entryName);
    if (linkName !== undefined) {
      yield encodeTarHeader({ ...common, type: "hardlink", linkName });
      return;
    }
    const header: TarHeader = { ...common, type, ...detailsOf(file, type), xattrs: xattrsOf(file) };
    yield encodeTarHeader(header);
    if (type === "file") yield* this.#contents(file);
  }

  #firstName(stat: BigIntStats, entryName: string): string | undefined {
    if (stat.nlink < 2n) return undefined;
    const inode = `${stat.dev}:${stat.ino}`;
    const first = this.#firstNames.get(inode);
    if (first === undefined) this.#firstNames.set(inode, entryName);
    return first;
  }

  /** As many bytes as the header said: what a file grows meanwhile is left out, what it loses is zeros. */
  *#contents({ fd, stat }: OpenFile): Generator<Uint8Array> {
    const sizeBytes = Number(stat.size);
    if (sizeBytes === 0) return;
    const contents = openat(AT.FDCWD, `/proc/self/fd/${fd}`, O.RDONLY);
    let done = 0;
    try {
      while (done < sizeBytes) {
        const count = read(contents, this.#buffer, 0, Math.min(READ_BYTES, sizeBytes - done));
        if (count === 0) break;
        done += count;
        yield this.#buffer.subarray(0, count);
      }
    } finally {
      close(contents);
    }
    yield* zeros(roundUpToBlock(sizeBytes) - done);
  }
}

const ZEROS = new Uint8Array(1 << 16);

function* zeros(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.byteLength)
    yield ZEROS.subarray(0, Math.min(left, ZEROS.byteLength));
}

function typeOf(stat: BigIntStats): TarHeader["type"] | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isCharacterDevice()) return "character";
  if (stat.isBlockDevice()) return "block";
  return stat.isFIFO() ? "fifo" : undefined;
}

function detailsOf({ stat, parentFd, name }: OpenFile, type: TarHeader["type"]): Partial<TarHeader> {
  if (type === "file") return { sizeBytes: Number(stat.size) };
  if (type === "symlink") return { linkName: linkTextOf(parentFd, name) };
  if (type !== "character" && type !== "block") return {};
  const device = Number(stat.rdev);
  return { deviceMajor: (device >> 8) & 0xfff, deviceMinor: (device & 0xff) | ((device >> 12) & 0xfff00) };
}

export function linkTextOf(parentFd: number, name: string): string {
  return decodeRaw(readlinkSync(procPath(parentFd, name), { encoding: "buffer" }));
}

function xattrsOf({ parentFd, name }: OpenFile): ReadonlyMap<string, Uint8Array> | undefined {
  const path = procPath(parentFd, name);
  const names = listXattrs(path).filter((one) => isKeptXattr(one) && !one.includes("="));
  if (names.length === 0) return undefined;
  const found = names.flatMap((one) => {
    const value = getXattr(path, one);
    return value ? [[one, value] as const] : [];
  });
  return new Map(found);
}

/** Whole seconds, as Docker's archives have them. */
function timeOf(nanos: bigint): TarTime {
  return { seconds: Number(nanos / 1_000_000_000n) - (nanos < 0n ? 1 : 0), nanos: 0 };
}
