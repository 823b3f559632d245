/** Archives no sane program writes, made by chance: few names, so that entries meet and replace each other. */
import { Buffer } from "node:buffer";
import { FIELD } from "#base/tar-header.ts";
import { archive, type Item } from "./archives.ts";

/** 0 to 1, exclusively. */
export type Random = () => number;

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ["a", "b", "c", "dir", "dir", "d2", "l", ".", "ü"];
const MARKS = [".wh.a", ".wh.dir", ".wh..wh..opq"];
const RARE_NAMES = ["..", ".wh.", ".wh..wh.plnk", "long".repeat(40), "long".repeat(70), "\udc80"];
const TYPES = [
  "file",
  "file",
  "file",
  "directory",
  "directory",
  "symlink",
  "hardlink",
  "character",
  "fifo",
] as const;
const TARGETS = [
  "a",
  "dir",
  "/dir",
  "../b",
  "dir/l",
  "/",
  "l",
  "./c/../a",
  "/proc/self/root",
  "x".repeat(300),
];

export function oddArchive(random: Random): Uint8Array {
  const count = 1 + Math.floor(random() * 9);
  const items: Item[] = [];
  for (let i = 0; i < count; i++) items.push(oddItem(random, items));
  return archive(...items);
}

function oddItem(random: Random, before: readonly Item[]): Item {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const part = () => (random() < 0.005 ? one(RARE_NAMES) : one(NAMES));
  const path = () => Array.from({ length: 1 + Math.floor(random() * 3) }, part).join("/");
  const name = random() < 0.1 ? `${path()}/${one(MARKS)}` : path();
  const files = before.filter((item) => item.type === "file");
  const type = random() < 0.95 ? one(TYPES) : "hardlink";
  return {
    name: random() < 0.05 ? `/${name}` : name,
    type,
    mode: one([0o644, 0o755, 0o4755, 0o1777, 0]),
    uid: one([0, 1000, 70_000, 4_294_967_294]),
    gid: one([0, 5, 100_000]),
    mtime: { seconds: one([0, -5, 1_700_000_000, 8_000_000_000]), nanos: one([0, 1, 999_999_999]) },
    ...(type === "symlink" ? { linkName: one(TARGETS) } : {}),
    ...(type === "hardlink" ? { linkName: random() < 0.9 ? (one(files)?.name ?? path()) : path() } : {}),
    ...(type === "character" ? { deviceMajor: one([0, 1, 5]), deviceMinor: one([0, 3, 300]) } : {}),
    ...(type === "file" ? { text: "x".repeat(Math.floor(random() * 1500)) } : {}),
    ...(random() < 0.15 ? { xattrs: oddXattrs(random) } : {}),
  };
}

function oddXattrs(random: Random): Map<string, Uint8Array> {
  const names = [
    "user.a",
    "user.b",
    "security.capability",
    "trusted.overlay.opaque",
    "system.posix_acl_access",
  ];
  const name = names[Math.floor(random() * names.length)]!;
  const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
  const acl = Buffer.from("0200000001000600ffffffff04000400ffffffff20000400ffffffff", "hex");
  const value = name.endsWith("capability") ? capability : name.endsWith("access") ? acl : Buffer.from("v");
  return new Map([[name, value]]);
}

/** Some bytes changed, a piece removed, doubled or moved; header checksums are made right again most of the time. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let copy = Buffer.from(bytes);
  const at = (limit: number) => Math.floor(random() * Math.max(1, limit));
  const rounds = 1 + at(4);
  for (let i = 0; i < rounds; i++) {
    const kind = random();
    const block = at(copy.byteLength / 512) * 512;
    if (kind < 0.6)
      copy[(random() < 0.7 ? block + at(345) : at(copy.byteLength)) % copy.byteLength] = at(256);
    else if (kind < 0.7) copy = Buffer.concat([copy.subarray(0, block), copy.subarray(block + 512)]);
    else if (kind < 0.8) copy = Buffer.concat([copy.subarray(0, block + 512), copy.subarray(block)]);
    else if (kind < 0.85) copy = copy.subarray(0, at(copy.byteLength));
    else if (block + 500 < copy.byteLength)
      copy.write("0123456789abcdefxgLKSV\0 \x80\xff"[at(26)] ?? "0", block + FIELD.typeFlag[0], "latin1");
    if (copy.byteLength === 0) return bytes;
  }
  if (random() < 0.9) repairChecksums(copy);
  return new Uint8Array(copy);
}

function repairChecksums(bytes: Buffer): void {
  for (let at = 0; at + 512 <= bytes.byteLength; at += 512) {
    if (bytes.toString("latin1", at + 257, at + 262) !== "ustar") continue;
    bytes.fill(0x20, at + 148, at + 156);
    let sum = 0;
    for (let i = 0; i < 512; i++) sum += bytes[at + i]!;
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
}
