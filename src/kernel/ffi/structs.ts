import { AF } from "./constants.ts";
import { memory } from "./syscall.ts";

// Every function writes one struct to call memory and returns its address. Both architectures are little-endian
// and lay these structs out alike.

export const OPEN_HOW_BYTES = 24;
export const MOUNT_ATTR_BYTES = 32;

/** struct open_how (linux/openat2.h): u64 flags, mode, resolve. */
export function openHow(flags: number, mode: number, resolve: number): number {
  const call = memory();
  const offset = call.reserve(OPEN_HOW_BYTES);
  call.view.setUint32(offset, flags, true);
  call.view.setUint32(offset + 8, mode, true);
  call.view.setUint32(offset + 16, resolve, true);
  return call.addressOf(offset);
}

/** struct timespec[2] (linux/time_types.h): access and modification time, each s64 seconds and s64 nanoseconds. */
export function timespecs(accessNanos: bigint, modifyNanos: bigint): number {
  const call = memory();
  const offset = call.reserve(32);
  timespec(call.view, offset, accessNanos);
  timespec(call.view, offset + 16, modifyNanos);
  return call.addressOf(offset);
}

function timespec(view: DataView, offset: number, nanos: bigint): void {
  const fraction = BigInt.asUintN(64, ((nanos % NANOS) + NANOS) % NANOS); // before 1970 the seconds round down
  view.setBigInt64(offset, (nanos - fraction) / NANOS, true);
  view.setBigInt64(offset + 8, fraction, true);
}

const NANOS = 1_000_000_000n;

/** struct mount_attr (linux/mount.h): u64 attr_set, attr_clr, propagation, userns_fd. */
export function mountAttr(set: number, usernsFd = 0): number {
  const call = memory();
  const offset = call.reserve(MOUNT_ATTR_BYTES);
  call.view.setUint32(offset, set, true);
  call.view.setUint32(offset + 24, usernsFd, true);
  return call.addressOf(offset);
}

/** An int, as setsockopt(2) wants it. */
export function int(value: number): number {
  const call = memory();
  const offset = call.reserve(4);
  call.view.setInt32(offset, value, true);
  return call.addressOf(offset);
}

/** struct ifreq (linux/if.h), 40 bytes: name[16], then a union that begins with the index. */
export function linkRequest(name: string): { readonly address: number; index(): number } {
  const call = memory();
  const offset = call.reserve(40);
  new TextEncoder().encodeInto(name, new Uint8Array(call.view.buffer, call.view.byteOffset + offset, 15));
  return { address: call.addressOf(offset), index: () => call.view.getInt32(offset + 16, true) };
}

/** struct sockaddr_in6, the larger one: either kind fits. Both have the port, in network order, at the same place. */
export const SOCKADDR_BYTES = 28;
export const SOCKADDR_PORT_OFFSET = 2;

/**
 * struct sockaddr_in (16 bytes) or sockaddr_in6 (28): u16 family, u16 port, then the address; all but the family in
 * network order.
 * @param ip 4 or 16 bytes
 */
export function sockaddr(
  ip: Uint8Array,
  port: number,
): { readonly address: number; readonly sizeBytes: number } {
  const call = memory();
  const inet = ip.length === 4;
  const offset = call.reserve(SOCKADDR_BYTES);
  call.view.setUint16(offset, inet ? AF.INET : AF.INET6, true);
  call.view.setUint16(offset + SOCKADDR_PORT_OFFSET, port, false);
  ip.forEach((byte, index) => {
    call.view.setUint8(offset + (inet ? 4 : 8) + index, byte);
  });
  return { address: call.addressOf(offset), sizeBytes: inet ? 16 : SOCKADDR_BYTES };
}
