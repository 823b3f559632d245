/** Unpacks what came from a container below a directory of this machine. */
import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import type { TarEntry, TarTime } from "#base/tar-header.ts";
import { readTar, type TarMember } from "#base/tar-read.ts";
import { CliError } from "../errors.ts";
import { type CopyPlan, renamed } from "./plan.ts";
import { Xattrs } from "./xattrs.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/**
 * Files belong to whoever calls, as with Docker. No link is followed below the directory: neither one the archive
 * brought nor one somebody puts there meanwhile, for each step goes from an open directory to the next.
 * @throws CliError naming the entry that cannot be written
 */
export async function unpackLocally(
  archive: AsyncIterable<Uint8Array>,
  { directory, rename }: CopyPlan,
): Promise<void> {
  const rootFd = openDirectory(directory);
  const xattrs = new Xattrs();
  const times = new Map<string, TarTime>();
  try {
    for await (const member of readTar(archive)) {
      const shown = (name: string) => partsOf(rename ? renamed(name.replace(/\/$/, ""), rename) : name);
      const parts = shown(member.entry.name);
      if (parts.length === 0) continue; // the directory itself
      if (member.entry.type === "directory") times.set(parts.join("/"), member.entry.mtime);
      await within(rootFd, parts, (place) => write(place, member, { rootFd, shown, xattrs }));
    }
    for (const [path, time] of times)
      await within(rootFd, path.split("/"), async (place) => lutimesSync(place, ...pair(time)));
  } finally {
    closeSync(rootFd);
  }
}

function partsOf(name: string): string[] {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new CliError(`the archive is not to be trusted: it has a file ${name}`);
  return parts;
}

/** @param work is given a path that leads to the very directory found, whatever becomes of its name */
async function within(
  rootFd: number,
  parts: readonly string[],
  work: (path: string) => Promise<void>,
): Promise<void> {
  const opened: number[] = [];
  let fd = rootFd;
  try {
    for (const part of parts.slice(0, -1)) {
      const path = `/proc/self/fd/${fd}/${part}`;
      if (!lstatSync(path, { throwIfNoEntry: false })) mkdirSync(path);
      fd = openDirectory(path);
      opened.push(fd);
    }
    await work(`/proc/self/fd/${fd}/${parts.at(-1)}`);
  } finally {
    for (const one of opened) closeSync(one);
  }
}

/** The last part is not followed either, except for the directory the user named. */
function openDirectory(path: string): number {
  const isOurs = path.startsWith("/proc/self/fd/");
  return openSync(path, O_RDONLY | O_DIRECTORY | (isOurs ? O_NOFOLLOW : 0));
}

interface Target {
  readonly rootFd: number;
  /** Parts of a name below the root. */
  readonly shown: (name: string) => string[];
  readonly xattrs: Xattrs;
}

async function write(
  path: string,
  { entry, body }: TarMember,
  { rootFd, shown, xattrs }: Target,
): Promise<void> {
  clear(path, entry);
  switch (entry.type) {
    case "directory":
      if (!lstatSync(path, { throwIfNoEntry: false })) mkdirSync(path);
      describeDirectory(path, entry, xattrs);
      return;
    case "file":
      return await writeFile(path, { entry, body }, xattrs);
    case "symlink":
      symlinkSync(entry.linkName, path);
      lutimesSync(path, ...pair(entry.mtime));
      return;
    case "hardlink":
      return await within(rootFd, shown(entry.linkName), async (target) => linkSync(target, path));
    default:
      return makeNode(path, entry);
  }
}

function clear(path: string, entry: TarEntry): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there || (there.isDirectory() && entry.type === "directory")) return;
  const [is, other] = there.isDirectory() ? ["directory", "non-directory"] : ["non-directory", "directory"];
  if (there.isDirectory() || entry.type === "directory")
    throw new CliError(`cannot overwrite ${is} with ${other} "${entry.name}"`);
  rmSync(path);
}

async function writeFile(path: string, { entry, body }: TarMember, xattrs: Xattrs): Promise<void> {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for await (const chunk of body) for (let at = 0; at < chunk.byteLength; ) at += writeSync(fd, chunk, at);
    fchmodSync(fd, entry.mode);
    xattrs.write(fd, entry.xattrs, entry.name);
    futimesSync(fd, ...pair(entry.mtime));
  } finally {
    closeSync(fd);
  }
}

function describeDirectory(path: string, entry: TarEntry, xattrs: Xattrs): void {
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    fchmodSync(fd, entry.mode);
    xattrs.write(fd, entry.xattrs, entry.name);
  } finally {
    closeSync(fd);
  }
}

/** Only mknod(1) makes these from here. */
function makeNode(path: string, entry: TarEntry): void {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    fifo: ["p"],
    character: ["c", String(entry.deviceMajor), String(entry.deviceMinor)],
    block: ["b", String(entry.deviceMajor), String(entry.deviceMinor)],
  };
  const kind = kinds[entry.type];
  if (!kind) throw new CliError(`${entry.name}: unknown kind of file`);
  const ours = path.replace("/proc/self/", `/proc/${process.pid}/`);
  const made = Bun.spawnSync(["mknod", ours, ...kind], { stderr: "pipe" });
  if (made.exitCode !== 0) throw new CliError(`${entry.name}: ${made.stderr.toString().trim()}`);
}

function pair({ seconds }: TarTime): [number, number] {
  return [seconds, seconds];
}
