import { CLONE_NEWNS, MS } from "../ffi/constants.ts";
import { syscall } from "../ffi/syscall.ts";
import { mount } from "../mount/mounts.ts";

/**
 * Gives this thread a mount namespace of its own, for good: what it mounts nobody else sees, and it goes with the
 * process. Unmounts of the host still arrive, so that nothing stays busy because of us. Only for helper processes,
 * whose other threads do nothing with names of files.
 */
export function leaveHostMounts(): void {
  syscall("unshare", "CLONE_NEWNS", CLONE_NEWNS);
  mount("", "/", "", MS.SLAVE | MS.REC);
}
