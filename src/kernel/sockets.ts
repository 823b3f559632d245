import { bindDatagrams, createDatagramBatch } from "./datagrams.ts";
import { AF, IPPROTO, SO, SOCK, SOL_SOCKET } from "./ffi/constants.ts";
import { Errno, SysError } from "./ffi/errno.ts";
import { int, SOCKADDR_BYTES, sockaddr } from "./ffi/structs.ts";
import { memory, syscall, trySyscall } from "./ffi/syscall.ts";
import { close } from "./files/at.ts";
import { ipBytes } from "./ip-bytes.ts";
import type { IpAddress, Sockets } from "./types.ts";

export function createSockets(): Sockets {
  return { connectTcp, isConnected, bindDatagrams, createDatagramBatch };
}

function connectTcp(address: IpAddress, port: number): number {
  const family = address.includes(":") ? AF.INET6 : AF.INET;
  const type = SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC;
  const fd = syscall("socket", address, family, type, IPPROTO.TCP);
  const name = sockaddr(ipBytes(address), port);
  const result = trySyscall("connect", fd, name.address, name.sizeBytes);
  if (result === 0 || result === -Errno.EINPROGRESS) return fd;
  close(fd);
  throw new SysError("connect", -result, describe(address, port));
}

function isConnected(fd: number): boolean {
  const call = memory();
  const error = call.reserve(4);
  syscall("getsockopt", "SO_ERROR", fd, SOL_SOCKET, SO.ERROR, call.addressOf(error), int(4));
  const errno = call.view.getInt32(error, true);
  if (errno !== 0) throw new SysError("connect", errno, `fd ${fd}`);
  const peer = call.reserve(SOCKADDR_BYTES);
  return trySyscall("getpeername", fd, call.addressOf(peer), int(SOCKADDR_BYTES)) === 0;
}

function describe(address: IpAddress, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
