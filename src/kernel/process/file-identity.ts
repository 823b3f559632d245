import { memory, syscall, trySyscall } from "../ffi/syscall.ts";

/** _LINUX_CAPABILITY_VERSION_3: two words for each set. */
const CAPABILITY_VERSION = 0x20080522;
const HEADER_BYTES = 8;
const SETS_BYTES = 24;

export interface FileIdentity {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Runs synchronous work as another user towards the file system, with all capabilities kept. The kernel remembers who
 * mounts an overlay and makes its files as that one later: on directories with shifted ids that must be an id they have.
 */
export function withFileIdentity<T>({ uid, gid }: FileIdentity, work: () => T): T {
  const capabilities = readCapabilities();
  try {
    assumeFileIdentity({ uid, gid });
    return work();
  } finally {
    restoreOrAbort(capabilities);
  }
}

/** The same for good: for a process with one task that ends with it. */
export function assumeFileIdentity({ uid, gid }: FileIdentity): void {
  const capabilities = readCapabilities();
  syscall("setfsgid", "gid", gid);
  syscall("setfsuid", "uid", uid); // takes capabilities for files away
  writeCapabilities(capabilities);
}

function readCapabilities(): Uint8Array {
  const call = memory();
  const offset = call.reserve(SETS_BYTES);
  syscall("capget", "own capabilities", header(), call.addressOf(offset));
  return call.bytes(offset, SETS_BYTES);
}

function writeCapabilities(sets: Uint8Array): void {
  syscall("capset", "own capabilities", header(), memory().copy(sets));
}

function header(): number {
  const call = memory();
  const offset = call.reserve(HEADER_BYTES);
  call.view.setUint32(offset, CAPABILITY_VERSION, true);
  return call.addressOf(offset);
}

/** A thread that stayed somebody else would make every file of the engine for a container's root. */
function restoreOrAbort(capabilities: Uint8Array): void {
  trySyscall("setfsuid", 0);
  trySyscall("setfsgid", 0);
  // Both calls answer with the id before and never fail: asking again tells whether it is ours.
  if (trySyscall("setfsuid", 0) !== 0 || trySyscall("setfsgid", 0) !== 0) {
    console.error("cannot become root towards the file system again, giving up");
    process.abort();
  }
  writeCapabilities(capabilities);
}
