/** What setxattr(2) would check and change, for files that are only written as part of an image. */
import { InvalidArgument } from "#base/errors.ts";
import { MAX_XATTR_BYTES, MAX_XATTR_VALUE_BYTES } from "./format.ts";
import { type LayerNode, TYPE } from "./tree.ts";

/**
 * Sets one attribute of a node.
 * @returns false where Linux would refuse it for this type of file, which costs the attribute and not the layer
 * @throws InvalidArgument for a value no file can have
 */
export function setAttribute(node: LayerNode, name: string, value: Uint8Array): boolean {
  const isPlain = node.type === TYPE.file || node.type === TYPE.directory;
  if (name.startsWith("user.") && !isPlain) return false;
  if (name.startsWith("system.posix_acl_") && node.type === TYPE.symlink) {
    if (aclVersion(name, value) === ACL.version) aclEntries(name, value); // read before the kernel says that links have none
    return false;
  }
  if (name === "user." || Buffer.byteLength(name) > 255) throw invalid(name, "its name");
  if (value.byteLength > MAX_XATTR_VALUE_BYTES) throw invalid(name, `a value of ${value.byteLength} bytes`);
  if (name === "security.capability") checkCapability(value);
  if (name.startsWith("system.posix_acl_")) {
    const version = aclVersion(name, value);
    if (version !== ACL.version) return false;
    if (value.byteLength === ACL.headerBytes) return true; // a list of nothing is none
  }
  if (name === "system.posix_acl_access") {
    node.mode = (node.mode & ~0o777) | aclMode(name, value);
    if (value.byteLength === MINIMAL_ACL_BYTES) return true; // owner, group and others: the mode says it all
  }
  if (name === "system.posix_acl_default") {
    if (node.type !== TYPE.directory) throw invalid(name, "something that is no directory");
    aclMode(name, value);
  }
  node.xattrs.set(name, Buffer.from(value));
  const total = [...node.xattrs].reduce((sum, [key, { byteLength }]) => sum + key.length + byteLength, 0);
  if (total > MAX_XATTR_BYTES) throw invalid(name, `attributes of ${total} bytes on one file`);
  return true;
}

/** Sizes of file capabilities by their revision. @see include/uapi/linux/capability.h */
const CAPABILITY_BYTES: ReadonlyMap<number, number> = new Map([
  [0x0200_0000, 20],
  [0x0300_0000, 24],
]);
const CAPABILITY_IS_EFFECTIVE = 1;

function checkCapability(value: Uint8Array): void {
  const view = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const revision = view.byteLength < 4 ? 0 : (view.readUInt32LE(0) & ~CAPABILITY_IS_EFFECTIVE) >>> 0;
  if (CAPABILITY_BYTES.get(revision) !== view.byteLength) throw invalid("security.capability", "its value");
}

const ACL = { version: 2, headerBytes: 4, entryBytes: 8, owner: 1, group: 4, mask: 16, other: 32 } as const;
const MINIMAL_ACL_BYTES = ACL.headerBytes + 3 * ACL.entryBytes;
const ACL_TAGS = new Set([1, 2, 4, 8, 16, 32]);
/** Single users and groups: there may be any number of these. */
const ACL_SEVERAL = new Set([2, 8]);
const NO_ID = 0xffff_ffff;

function aclVersion(name: string, value: Uint8Array): number {
  if (value.byteLength < ACL.headerBytes) throw invalid(name, "its value");
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).readUInt32LE(0);
}

interface AclEntry {
  readonly tag: number;
  readonly bits: number;
}

/** @see posix_acl_from_xattr() in Linux, fs/posix_acl.c */
function aclEntries(name: string, value: Uint8Array): AclEntry[] {
  const view = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if ((view.byteLength - ACL.headerBytes) % ACL.entryBytes !== 0) throw invalid(name, "its value");
  const entries: AclEntry[] = [];
  for (let at: number = ACL.headerBytes; at < view.byteLength; at += ACL.entryBytes) {
    const tag = view.readUInt16LE(at);
    const isNobody = ACL_SEVERAL.has(tag) && view.readUInt32LE(at + 4) === NO_ID;
    if (!ACL_TAGS.has(tag) || isNobody) throw invalid(name, "its value");
    entries.push({ tag, bits: view.readUInt16LE(at + 2) });
  }
  return entries;
}

/**
 * The permission bits an access list implies: a mask stands in for the group's. Entries stand in the order of their
 * tags, and single users or groups need a mask.
 * @see posix_acl_valid() in Linux, fs/posix_acl.c
 */
function aclMode(name: string, value: Uint8Array): number {
  const permissions = new Map<number, number>();
  let last = 0;
  for (const { tag, bits } of aclEntries(name, value)) {
    const isInOrder = tag > last || (tag === last && ACL_SEVERAL.has(tag));
    if (!isInOrder || bits > 7) throw invalid(name, "its value");
    permissions.set(tag, bits);
    last = tag;
  }
  const [owner, group, other] = [ACL.owner, ACL.group, ACL.other].map((tag) => permissions.get(tag));
  const needsMask = [...ACL_SEVERAL].some((tag) => permissions.has(tag)) && !permissions.has(ACL.mask);
  if (owner === undefined || group === undefined || other === undefined || needsMask)
    throw invalid(name, "its value");
  return (owner << 6) | ((permissions.get(ACL.mask) ?? group) << 3) | other;
}

function invalid(name: string, what: string): InvalidArgument {
  return new InvalidArgument(`EINVAL: attribute ${JSON.stringify(name)}: ${what} is not possible`);
}
