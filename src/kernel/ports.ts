import { readFileSync } from "node:fs";
import { AF, IPPROTO, IPV6_V6ONLY, SO, SOCK, SOL_SOCKET } from "./ffi/constants.ts";
import { Errno, SysError } from "./ffi/errno.ts";
import { int, SOCKADDR_BYTES, SOCKADDR_PORT_OFFSET, sockaddr } from "./ffi/structs.ts";
import { memory, syscall, trySyscall } from "./ffi/syscall.ts";
import { close } from "./files/at.ts";
import { ipBytes } from "./ip-bytes.ts";
import type { NamespaceSwitch } from "./namespace/switch.ts";
import type { HostPorts } from "./types.ts";

type PortRequest = Parameters<HostPorts["reserve"]>[0];

const PROTOCOLS = {
  tcp: { type: SOCK.STREAM, protocol: IPPROTO.TCP },
  udp: { type: SOCK.DGRAM, protocol: IPPROTO.UDP },
  sctp: { type: SOCK.STREAM, protocol: IPPROTO.SCTP },
} as const;

export function createHostPorts(namespaces: NamespaceSwitch): HostPorts {
  return {
    reserve: (request) => namespaces.inHost(() => reserve(request)),
    ephemeralRange() {
      const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
      const [first, last] = range.trim().split(/\s+/).map(Number) as [number, number];
      return { first, last };
    },
  };
}

function reserve(request: PortRequest): Disposable & { readonly port: number } {
  const fd = openSocket(request);
  // Where the host knows no SCTP, none of its programs can have the port, and no socket is needed to keep it.
  if (fd === undefined) return { port: request.port, [Symbol.dispose]() {} };
  let open = true;
  try {
    return {
      port: bind(fd, request),
      [Symbol.dispose]() {
        if (open) close(fd);
        open = false;
      },
    };
  } catch (error) {
    close(fd);
    throw error;
  }
}

function openSocket({ address, protocol }: PortRequest): number | undefined {
  const family = address.includes(":") ? AF.INET6 : AF.INET;
  const { type, protocol: number } = PROTOCOLS[protocol];
  const fd = trySyscall("socket", family, type | SOCK.CLOEXEC, number);
  if (fd === -Errno.EPROTONOSUPPORT && protocol === "sctp") return undefined;
  if (fd < 0) throw new SysError("socket", -fd, `${protocol} ${address}`);
  // [::] must leave 0.0.0.0 to its own reservation.
  if (family === AF.INET6) setOption(fd, IPPROTO.IPV6, IPV6_V6ONLY, 1);
  return fd;
}

/** @returns the port, chosen by the kernel when 0 was asked for */
function bind(fd: number, { address, port, protocol }: PortRequest): number {
  const name = sockaddr(ipBytes(address), port);
  const attempt = () => trySyscall("bind", fd, name.address, name.sizeBytes);
  let result = attempt();
  if (result === -Errno.EADDRINUSE && protocol === "tcp") {
    // It may be in use only by closed connections in TIME_WAIT, which a reusable socket may ignore. Once bound it is
    // made exclusive again, or another reusable socket could share the port.
    setOption(fd, SOL_SOCKET, SO.REUSEADDR, 1);
    result = attempt();
    setOption(fd, SOL_SOCKET, SO.REUSEADDR, 0);
  }
  if (result < 0) throw new SysError("bind", -result, describe({ address, port, protocol }));
  return boundPort(fd);
}

function boundPort(fd: number): number {
  const call = memory();
  const name = call.reserve(SOCKADDR_BYTES);
  syscall("getsockname", `fd ${fd}`, fd, call.addressOf(name), int(SOCKADDR_BYTES));
  return call.view.getUint16(name + SOCKADDR_PORT_OFFSET, false);
}

function describe({ address, port, protocol }: PortRequest): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}/${protocol}`;
}

function setOption(fd: number, level: number, option: number, value: number): void {
  syscall("setsockopt", `${level}/${option}`, fd, level, option, int(value), 4);
}
