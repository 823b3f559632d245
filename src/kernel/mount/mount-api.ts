import {
  AT,
  FSCONFIG,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_IDMAP,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  OPEN_TREE,
} from "../ffi/constants.ts";
import { SysError } from "../ffi/errno.ts";
import { MOUNT_ATTR_BYTES, mountAttr } from "../ffi/structs.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";

/** One fsconfig(2) setting; a flag has no value. */
export type FsOption = readonly [key: string, value?: string];

/**
 * A new, unattached mount of a file system: it has no name until `attachMount()`, and goes with its last descriptor.
 * @param object what is being made, for errors, which carry the file system's own words
 * @returns the mount's descriptor, close-on-exec
 */
export function createMount(fsType: string, object: string, options: readonly FsOption[]): number {
  const context = syscall("fsopen", fsType, memory().text(fsType), FSOPEN_CLOEXEC);
  try {
    for (const option of options) configure(context, object, option);
    step(context, "fsconfig", object, trySyscall("fsconfig", context, FSCONFIG.CMD_CREATE));
    return step(context, "fsmount", object, trySyscall("fsmount", context, FSMOUNT_CLOEXEC));
  } finally {
    close(context);
  }
}

/**
 * Whether the file system takes an option; nothing is mounted. File systems that the kernel has not moved to this
 * interface yet (overlay before Linux 6.5) take every option until they mount: of those we know nothing, so false.
 */
export function acceptsOption(fsType: string, option: FsOption): boolean {
  const context = trySyscall("fsopen", memory().text(fsType), FSOPEN_CLOEXEC);
  if (context < 0) return false;
  try {
    return setOption(context, option) >= 0 && setOption(context, ["no-such-option", "1"]) < 0;
  } finally {
    close(context);
  }
}

/** Gives an unattached mount its name and closes the descriptor. */
export function attachMount(mountFd: number, target: string): void {
  try {
    const [from, to] = [memory().text(""), memory().text(target)];
    syscall("move_mount", target, mountFd, from, AT.FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH);
  } finally {
    close(mountFd);
  }
}

/** As `attachMount`, over the very file or directory a descriptor holds: no name is looked up. */
export function attachMountOver(mountFd: number, targetFd: number): void {
  try {
    const nothing = memory().text("");
    const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    syscall("move_mount", `fd ${targetFd}`, mountFd, nothing, targetFd, nothing, flags);
  } finally {
    close(mountFd);
  }
}

/** An unattached copy of the mount at `source`, with those below it when `recursive`. @returns its descriptor */
export function cloneMount(source: string, options: { readonly recursive: boolean }): number {
  const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | (options.recursive ? AT.RECURSIVE : 0);
  return syscall("open_tree", source, AT.FDCWD, memory().text(source), flags);
}

/** As `cloneMount`, of the very file or directory that a descriptor holds. */
export function cloneMountAt(fd: number, options: { readonly recursive: boolean }): number {
  const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH | (options.recursive ? AT.RECURSIVE : 0);
  return syscall("open_tree", `fd ${fd}`, fd, memory().text(""), flags);
}

/** Makes an unattached mount read-only, leaving nosuid and its other attributes; before anyone could write to it. */
export function makeReadOnly(mountFd: number, options: { readonly recursive: boolean }): void {
  setAttributes(mountFd, MOUNT_ATTR_RDONLY, options);
}

/** Adds attributes to an unattached mount. @param bits of MOUNT_ATTR_* */
export function setAttributes(mountFd: number, bits: number, options: { readonly recursive: boolean }): void {
  const flags = AT.EMPTY_PATH | (options.recursive ? AT.RECURSIVE : 0);
  const attributes = mountAttr(bits);
  const object = `attributes 0x${bits.toString(16)}`;
  syscall("mount_setattr", object, mountFd, memory().text(""), flags, attributes, MOUNT_ATTR_BYTES);
}

/** Shows ids as a user namespace has them: what is root's on disk belongs to the namespace's root through this mount. */
export function shiftIds(
  mountFd: number,
  usernsFd: number,
  { recursive = false }: { readonly recursive?: boolean } = {},
): void {
  const attributes = mountAttr(MOUNT_ATTR_IDMAP, usernsFd);
  const flags = AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0);
  syscall("mount_setattr", "ids of a mount", mountFd, memory().text(""), flags, attributes, MOUNT_ATTR_BYTES);
}

function configure(context: number, object: string, option: FsOption): void {
  step(context, "fsconfig", `${option.join("=")} of ${object}`, setOption(context, option));
}

function setOption(context: number, [key, value]: FsOption): number {
  const name = memory().text(key);
  if (value === undefined) return trySyscall("fsconfig", context, FSCONFIG.SET_FLAG, name);
  return trySyscall("fsconfig", context, FSCONFIG.SET_STRING, name, memory().text(value));
}

function step(context: number, call: string, object: string, result: number): number {
  if (result < 0) throw new SysError(call, -result, object, kernelLog(context));
  return result;
}

/** What the file system had to say, one line a message: "e overlay: No changes allowed in reconfigure". */
function kernelLog(context: number): string {
  const words: string[] = [];
  for (;;) {
    const offset = memory().reserve(1024);
    const length = trySyscall("read", context, memory().addressOf(offset), 1024);
    if (length <= 0) return words.join("; ");
    words.push(
      memory()
        .string(offset, length)
        .trim()
        .replace(/^[ewi] /, ""),
    );
  }
}
