import { InvalidArgument } from "#base/errors.ts";
import { isKeptXattr } from "#base/kept-xattrs.ts";
import { getXattr, listXattrs } from "#kernel/files/xattr.ts";
import { lstatBelow, procPath } from "../layer/below.ts";
import { forEachBelow } from "../layer/implicit.ts";
import { encodeXattrs, INODE_BYTES, LAYOUT, readInode, writeInode } from "./format.ts";
import type { ImageDescription } from "./image-description.ts";
import { INHERITED_XATTR_BYTES, withMark } from "./layout.ts";
import { TYPE } from "./tree.ts";

/**
 * Writes into an image's metadata what directories are in the layers below: only known when those are there, and the
 * images of a chain are written side by side.
 * @param lower roots of the layers below, nearest first
 */
export async function inheritIntoImage(
  metadata: Buffer,
  { implicit, metadataOffset }: ImageDescription,
  lower: readonly string[],
): Promise<void> {
  const byPath = new Map(implicit.map((directory) => [directory.path, directory]));
  await forEachBelow([...byPath.keys()], lower, (path, source) => {
    const { offset, isOpaque } = byPath.get(path)!;
    const at = offset - metadataOffset;
    const stat = lstatBelow(source, ".")!;
    const xattrs = encodeXattrs(withMark(xattrsOf(source), isOpaque));
    if (xattrs.byteLength > INHERITED_XATTR_BYTES)
      throw new InvalidArgument(
        `directory ${JSON.stringify(path)} has attributes of ${xattrs.byteLength} bytes in the layers below, ` +
          `at most ${INHERITED_XATTR_BYTES} can be taken over into an EROFS image`,
        { hint: "use the storage driver overlay2 for this image" },
      );
    const made = readInode(metadata, at);
    const seconds = stat.mtimeNs / 1_000_000_000n - (stat.mtimeNs % 1_000_000_000n < 0n ? 1n : 0n);
    writeInode(metadata, at, {
      ...made,
      layout: LAYOUT.plain,
      mode: TYPE.directory | (Number(stat.mode) & 0o7777),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: { seconds: Number(seconds), nanos: Number(stat.mtimeNs - seconds * 1_000_000_000n) },
      xattrBytes: xattrs.byteLength,
    });
    metadata.set(xattrs, at + INODE_BYTES);
  });
}

function xattrsOf(directoryFd: number): Map<string, Uint8Array> {
  const path = procPath(directoryFd, ".");
  const names = listXattrs(path).filter(isKeptXattr);
  return new Map(
    names.flatMap((name) => {
      const value = getXattr(path, name);
      return value ? [[name, value] as const] : [];
    }),
  );
}
