import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { decodeRaw } from "#base/raw-text.ts";
import type { TarHeader, TarMemberSource } from "#base/tar-write.ts";
import { fileError } from "../files.ts";
import { Xattrs } from "./xattrs.ts";

/**
 * A file or directory of this machine as members of an archive, in the order of names.
 * @param name of the first member; those below it begin with it
 */
export function* localTree(path: string, name: string): Generator<TarMemberSource> {
  yield* membersOf(path, name, { links: new Map(), xattrs: new Xattrs() });
}

interface Walk {
  /** Names of files with several, by device and inode. */
  readonly links: Map<string, string>;
  readonly xattrs: Xattrs;
}

function* membersOf(path: string, name: string, walk: Walk): Generator<TarMemberSource> {
  const stat = statOf(path);
  const type = typeOf(stat);
  if (type === undefined) return; // a socket: no archive can hold it
  const first = firstName(stat, name, walk.links);
  const described = { name, ...attributesOf(stat) };
  const xattrs = first === undefined ? walk.xattrs.read(path) : undefined;
  const header = xattrs ? { ...described, xattrs } : described;
  if (first !== undefined) yield { header: { ...header, type: "hardlink", linkName: first } };
  else if (type === "file")
    yield { header: { ...header, type, sizeBytes: Number(stat.size) }, body: bodyOf(path, stat) };
  else if (type === "symlink") yield { header: { ...header, type, linkName: linkText(path) } };
  else yield { header: { ...header, type, ...deviceOf(stat) } };
  if (type !== "directory") return;
  for (const child of readdirSync(path).sort())
    yield* membersOf(`${path}/${child}`, `${name}/${child}`, walk);
}

function statOf(path: string): BigIntStats {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    throw fileError("lstat", path, error);
  }
}

function typeOf(stat: BigIntStats): TarHeader["type"] | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isCharacterDevice()) return "character";
  if (stat.isBlockDevice()) return "block";
  return stat.isFIFO() ? "fifo" : undefined;
}

/** Of a file with several names, all but the first are links to it. */
function firstName(stat: BigIntStats, name: string, links: Map<string, string>): string | undefined {
  if (stat.isDirectory() || stat.nlink < 2n) return undefined;
  const inode = `${stat.dev}:${stat.ino}`;
  const first = links.get(inode);
  if (first === undefined) links.set(inode, name);
  return first;
}

function attributesOf(stat: BigIntStats) {
  return {
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: { seconds: Number(stat.mtimeNs / 1_000_000_000n), nanos: 0 },
  };
}

function deviceOf(stat: BigIntStats): Partial<TarHeader> {
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return {};
  const device = Number(stat.rdev);
  return { deviceMajor: (device >> 8) & 0xfff, deviceMinor: (device & 0xff) | ((device >> 12) & 0xfff00) };
}

function linkText(path: string): string {
  return decodeRaw(readlinkSync(path, { encoding: "buffer" }));
}

async function* bodyOf(path: string, { size }: BigIntStats): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(path).slice(0, Number(size)).stream() as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fileError("open", path, error);
  }
}
