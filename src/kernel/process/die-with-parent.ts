import { syscall } from "../ffi/syscall.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * Ends this process when the thread that started it does: for work that must not go on once nobody waits for it, and that
 * does not come round to looking. A parent that was gone before is noticed by who it was.
 * @param parentPid as it was when the process began
 * @see prctl(2)
 */
export function dieWithParent(parentPid: number): void {
  syscall("prctl", "PR_SET_PDEATHSIG", PR_SET_PDEATHSIG, SIGKILL);
  if (process.ppid !== parentPid) process.kill(process.pid, "SIGKILL");
}
