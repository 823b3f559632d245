import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { decodeRaw } from "#base/raw-text.ts";
import { getXattr, listXattrs } from "#kernel/files/xattr.ts";
import type { ListedFile } from "./read-image.ts";

/** Every file by its path below a directory, the directory as "": what `listImage` tells of an image. */
export function listDirectory(root: string): Map<string, ListedFile> {
  const found = new Map<string, ListedFile>();
  const pending = [{ path: "", at: Buffer.from(root) }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    found.set(next.path, listed(next.at));
    if (!lstatSync(next.at).isDirectory()) continue;
    for (const raw of readdirSync(next.at, { encoding: "buffer" } as never) as unknown as Buffer[]) {
      const name = decodeRaw(raw);
      const path = next.path === "" ? name : `${next.path}/${name}`;
      pending.push({ path, at: Buffer.concat([next.at, Buffer.from("/"), raw]) });
    }
  }
  return found;
}

function listed(at: Buffer): ListedFile {
  const stat = lstatSync(at, { bigint: true });
  const xattrs = Object.fromEntries(
    listXattrs(at).flatMap((name) => {
      const value = getXattr(at, name);
      return value ? [[name, Buffer.from(value).toString("base64")]] : [];
    }),
  );
  const content = stat.isFile()
    ? readFileSync(at)
    : stat.isSymbolicLink()
      ? readlinkSync(at, { encoding: "buffer" })
      : Buffer.alloc(0);
  const isDevice = stat.isCharacterDevice() || stat.isBlockDevice();
  return {
    mode: Number(stat.mode),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    sizeBytes: stat.isDirectory() ? 0 : Number(stat.size),
    mtimeNanos: stat.mtimeNs,
    links: Number(stat.nlink),
    inode: stat.ino,
    device: isDevice ? Number(stat.rdev) : 0,
    xattrs,
    content: content.toString("base64"),
  };
}
