import { getPriority } from "node:os";
import { memory, trySyscall } from "../ffi/syscall.ts";

/** struct sched_attr as Linux 3.14 has it: size, policy, flags, nice, priority, runtime, deadline, period. */
const ATTRIBUTES_BYTES = 48;
const SCHED_NORMAL = 0;
/** What this thread starts begins with the system's defaults, not with what is asked for here. */
const RESET_ON_FORK = 1n;
/** From what it would be else. A thread of mostly short work; more would not help it. */
const NICENESS = -5;
/** Of Linux 6.12 and newer: a thread with short slices takes the processor from one with long ones when it wakes up. */
const SLICE_NANOS = 200_000n;

/**
 * Tells the kernel that somebody waits for what this thread does, and that it is done soon: it need not wait for its turn
 * behind threads that compute for long. Processes it starts have the usual priority.
 * @returns false where the kernel or our rights do not allow it: then everything is as before
 * @see sched_setattr(2)
 */
export function becomePromptThread(): boolean {
  if (getPriority() !== 0) return false; // whoever started us has decided
  const call = memory();
  const attributes = call.reserve(ATTRIBUTES_BYTES);
  call.view.setUint32(attributes, ATTRIBUTES_BYTES, true);
  call.view.setUint32(attributes + 4, SCHED_NORMAL, true);
  call.view.setBigUint64(attributes + 8, RESET_ON_FORK, true);
  call.view.setInt32(attributes + 16, NICENESS, true);
  call.view.setBigUint64(attributes + 24, SLICE_NANOS, true);
  return trySyscall("sched_setattr", 0, call.addressOf(attributes), 0) === 0;
}
