/** Extended attributes of this machine's files, through libc: no runtime of ours reaches them. */
import { isKeptXattr } from "#base/kept-xattrs.ts";
import { CliError } from "../errors.ts";

/** The kernel's bounds on one value and on the list of names: XATTR_SIZE_MAX, XATTR_LIST_MAX. */
const LARGEST_BYTES = 65536;
const EPERM = 1;
const EOPNOTSUPP = 95;

/** Opened by the first file that is copied, and kept: its buffer holds one value at a time. */
export class Xattrs {
  readonly #libc = openLibc();
  readonly #buffer = Buffer.alloc(LARGEST_BYTES);

  /** What an archive keeps of a file itself, never of a link's target. A file system without attributes has none. */
  read(path: string): ReadonlyMap<string, Uint8Array> | undefined {
    const { llistxattr, lgetxattr } = this.#libc;
    const file = text(path);
    const length = Number(llistxattr(file, this.#buffer, LARGEST_BYTES));
    if (length <= 0) return undefined;
    const names = this.#buffer.toString("utf8", 0, length).split("\0").slice(0, -1);
    const found = names.filter(isArchived).flatMap((name): [string, Uint8Array][] => {
      const bytes = Number(lgetxattr(file, text(name), this.#buffer, LARGEST_BYTES));
      return bytes < 0 ? [] : [[name, Uint8Array.from(this.#buffer.subarray(0, bytes))]];
    });
    return found.length > 0 ? new Map(found) : undefined;
  }

  /**
   * Sets what an archive says of an open file. What its file system does not take, or this user may not set, is left
   * out, as Docker does it.
   * @param shown names the file in errors
   * @throws CliError
   */
  write(fd: number, attributes: ReadonlyMap<string, Uint8Array>, shown: string): void {
    const { fsetxattr, errno } = this.#libc;
    for (const [name, value] of attributes) {
      if (!isKeptXattr(name)) continue;
      const bytes = value.byteLength > 0 ? value : null;
      if (Number(fsetxattr(fd, text(name), bytes, value.byteLength, 0)) === 0) continue;
      const failure = errno();
      if (failure !== EPERM && failure !== EOPNOTSUPP)
        throw new CliError(`${shown}: cannot set its attribute ${name}: error ${failure}`);
    }
  }
}

/** A PAX header ends a key with "=". */
function isArchived(name: string): boolean {
  return isKeptXattr(name) && !name.includes("=");
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function openLibc() {
  const { dlopen, read } = import.meta.require("bun:ffi") as typeof import("bun:ffi"); // loaded only when asked
  const { symbols } = dlopen("libc.so.6", {
    llistxattr: { args: ["ptr", "ptr", "u64"], returns: "i64" },
    lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i64" },
    fsetxattr: { args: ["i32", "ptr", "ptr", "u64", "i32"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  });
  return { ...symbols, errno: () => read.i32(symbols.__errno_location()!) };
}
