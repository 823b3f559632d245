import { MSG, SCM_RIGHTS, SOL_SOCKET } from "../ffi/constants.ts";
import { memory, syscall } from "../ffi/syscall.ts";

/** struct msghdr of 64-bit machines: name, its length, vectors, their count, control data, its length, flags. */
const MESSAGE_BYTES = 56;
/** struct cmsghdr (length, level, type), one descriptor, and what aligns the next. */
const CONTROL_BYTES = 24;
const CONTROL_LENGTH = 20;

/**
 * Sends `bytes` over a connected AF_UNIX socket, and with them a hold on `fd`; ours stays.
 * @throws SysError, EAGAIN when the socket takes nothing now
 */
export function passDescriptor(socket: number, bytes: Uint8Array, fd: number): void {
  const call = memory();
  const data = call.copy(bytes);
  const vector = call.reserve(16);
  call.view.setBigUint64(vector, BigInt(data), true);
  call.view.setBigUint64(vector + 8, BigInt(bytes.byteLength), true);
  const control = call.reserve(CONTROL_BYTES);
  call.view.setBigUint64(control, BigInt(CONTROL_LENGTH), true);
  call.view.setInt32(control + 8, SOL_SOCKET, true);
  call.view.setInt32(control + 12, SCM_RIGHTS, true);
  call.view.setInt32(control + 16, fd, true);
  const message = call.reserve(MESSAGE_BYTES);
  call.view.setBigUint64(message + 16, BigInt(call.addressOf(vector)), true);
  call.view.setBigUint64(message + 24, 1n, true);
  call.view.setBigUint64(message + 32, BigInt(call.addressOf(control)), true);
  call.view.setBigUint64(message + 40, BigInt(CONTROL_BYTES), true);
  syscall("sendmsg", `fd ${socket}`, socket, call.addressOf(message), MSG.DONTWAIT | MSG.NOSIGNAL);
}
