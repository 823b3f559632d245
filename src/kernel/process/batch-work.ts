import { memory, syscall } from "../ffi/syscall.ts";

const SCHED_BATCH = 3;
const PARAMETER_BYTES = 4;

/**
 * Tells the kernel that this thread, and those it starts, compute for long and are waited for by nobody: they do not
 * take the processor from a thread that has just been running when they wake up, as that of the API.
 * @see sched(7)
 */
export function becomeBatchWork(): void {
  const call = memory();
  const parameter = call.reserve(PARAMETER_BYTES); // the static priority, zero for this policy
  syscall("sched_setscheduler", "own scheduling policy", 0, SCHED_BATCH, call.addressOf(parameter));
}
