import type { Socket } from "bun";
import { AF, SO, SOCK, SOL_SOCKET } from "../ffi/constants.ts";
import { int } from "../ffi/structs.ts";
import { memory, syscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";

/** Enough to hear of thousands of objects while the engine is busy. */
const RECEIVE_BYTES = 4 << 20;

export interface GroupListener {
  /** Of `NETLINK`. */
  readonly protocol: number;
  /** Numbers of multicast groups, from 1. */
  readonly groups: readonly number[];
  readonly heard: (bytes: Buffer) => void;
  /** Too much at once: some of it was lost. */
  readonly lost: () => void;
}

/** Listens, until disposed, to what the kernel tells everybody in the namespace the thread is in. */
export function listenToGroups(listener: GroupListener): Disposable {
  const fd = openSocket(listener);
  let isClosed = false;
  let reopened: Disposable | undefined;
  const handlers = {
    data: (_socket: Socket, bytes: Buffer) => listener.heard(bytes),
    close: () => {
      if (isClosed) return;
      listener.lost();
      reopened = listenToGroups(listener);
    },
    error() {},
  };
  // Bun takes an open descriptor here; its type for that is not among connect's.
  const where = { fd } as unknown as { unix: string };
  const connected = Bun.connect({ ...where, socket: handlers });
  connected.catch(() => close(fd));
  return {
    [Symbol.dispose]() {
      isClosed = true;
      reopened?.[Symbol.dispose]();
      void connected.then((socket) => socket.terminate()).catch(() => {});
    },
  };
}

function openSocket({ protocol, groups }: GroupListener): number {
  const type = SOCK.RAW | SOCK.CLOEXEC | SOCK.NONBLOCK;
  const fd = syscall("socket", "AF_NETLINK", AF.NETLINK, type, protocol);
  try {
    syscall("setsockopt", "SO_RCVBUFFORCE", fd, SOL_SOCKET, SO.RCVBUFFORCE, int(RECEIVE_BYTES), 4);
    const address = Buffer.alloc(12); // struct sockaddr_nl: u16 family, padding, u32 port, u32 groups
    address.writeUInt16LE(AF.NETLINK, 0);
    address.writeUInt32LE(
      groups.reduce((mask, group) => mask | (1 << (group - 1)), 0),
      8,
    );
    syscall("bind", "netlink group", fd, memory().pin(address), address.length);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}
