import { ptr } from "bun:ffi";
import { AF, MSG, SOCK } from "./ffi/constants.ts";
import { int, SOCKADDR_BYTES, SOCKADDR_PORT_OFFSET, sockaddr } from "./ffi/structs.ts";
import { memory, syscall, trySyscall } from "./ffi/syscall.ts";
import { close } from "./files/at.ts";
import { ipBytes } from "./ip-bytes.ts";
import type { DatagramBatch, DatagramPeer, IpAddress } from "./types.ts";

/** Messages of one system call, and the longest that is read or sent with others. */
const MOST_MESSAGES = 32;
const MESSAGE_BYTES = 4096;

/** On 64 bits: struct mmsghdr with its msghdr in front, struct iovec, struct sockaddr_in. */
const HEADER = { bytes: 64, name: 0, nameLength: 8, vector: 16, vectorLength: 24, flags: 48, length: 56 };
const VECTOR = { bytes: 16, base: 0, length: 8 };
const NAME = { bytes: 16, port: 2, address: 4 };

export function bindDatagrams(address: IpAddress): { readonly fd: number; readonly port: number } {
  const type = SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC;
  const fd = syscall("socket", address, AF.INET, type, 0);
  try {
    const name = sockaddr(ipBytes(address), 0);
    syscall("bind", address, fd, name.address, name.sizeBytes);
    const call = memory();
    const own = call.reserve(SOCKADDR_BYTES);
    syscall("getsockname", address, fd, call.addressOf(own), int(SOCKADDR_BYTES));
    return { fd, port: call.view.getUint16(own + SOCKADDR_PORT_OFFSET, false) };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Messages are read and sent many at a time, by addresses that are never text: at a hundred thousand answers a second a
 * call and a conversion for each would be most of the work.
 */
export function createDatagramBatch(): DatagramBatch {
  const incoming = new Messages();
  const outgoing = new Messages();
  let queued = 0;

  const flush = (fd: number): void => {
    const sendFrom = (first: number) =>
      trySyscall("sendmmsg", fd, outgoing.headerAt(first), queued - first, MSG.DONTWAIT);
    for (let sent = 0; sent < queued; ) {
      let count = sendFrom(sent);
      if (count < 0) count = sendFrom(sent); // the first may have told of an earlier message's failure
      sent += Math.max(1, count);
    }
    queued = 0;
  };

  return {
    receive(fd) {
      incoming.offer();
      const count = trySyscall("recvmmsg", fd, incoming.headerAt(0), MOST_MESSAGES, MSG.DONTWAIT, 0);
      return Math.max(0, count);
    },
    message: (index) => incoming.message(index),
    peer: (index) => incoming.peer(index),
    send(fd, peer, bytes) {
      if (bytes.length > MESSAGE_BYTES) {
        flush(fd);
        sendAlone(fd, peer, bytes);
        return;
      }
      outgoing.put(queued++, peer, bytes);
      if (queued === MOST_MESSAGES) flush(fd);
    },
    flush,
  };
}

function sendAlone(fd: number, peer: DatagramPeer, bytes: Uint8Array): void {
  const name = memory().copy(nameOf(peer));
  trySyscall("sendto", fd, memory().pin(bytes), bytes.length, MSG.DONTWAIT, name, NAME.bytes);
}

function nameOf({ address, port }: DatagramPeer): Uint8Array {
  const name = new DataView(new ArrayBuffer(NAME.bytes));
  name.setUint16(0, AF.INET, true);
  name.setUint16(NAME.port, port, false);
  name.setUint32(NAME.address, address, false);
  return new Uint8Array(name.buffer);
}

/** What the kernel is shown: headers that point at addresses and contents, all in memory that stays where it is. */
class Messages {
  readonly #headers = Buffer.alloc(MOST_MESSAGES * HEADER.bytes);
  readonly #vectors = Buffer.alloc(MOST_MESSAGES * VECTOR.bytes);
  readonly #names = Buffer.alloc(MOST_MESSAGES * NAME.bytes);
  readonly #contents = Buffer.alloc(MOST_MESSAGES * MESSAGE_BYTES);
  readonly #header = view(this.#headers);
  readonly #vector = view(this.#vectors);
  readonly #name = view(this.#names);
  readonly #headersAddress = ptr(this.#headers);

  constructor() {
    const [vectors, names, contents] = [ptr(this.#vectors), ptr(this.#names), ptr(this.#contents)];
    for (let index = 0; index < MOST_MESSAGES; index++) {
      const header = index * HEADER.bytes;
      this.#header.setBigUint64(header + HEADER.name, BigInt(names + index * NAME.bytes), true);
      this.#header.setUint32(header + HEADER.nameLength, NAME.bytes, true);
      this.#header.setBigUint64(header + HEADER.vector, BigInt(vectors + index * VECTOR.bytes), true);
      this.#header.setBigUint64(header + HEADER.vectorLength, 1n, true);
      const content = BigInt(contents + index * MESSAGE_BYTES);
      this.#vector.setBigUint64(index * VECTOR.bytes + VECTOR.base, content, true);
      this.#vector.setUint32(index * VECTOR.bytes + VECTOR.length, MESSAGE_BYTES, true);
    }
  }

  headerAt(index: number): number {
    return this.#headersAddress + index * HEADER.bytes;
  }

  /** The kernel wrote there how long names were. */
  offer(): void {
    for (let index = 0; index < MOST_MESSAGES; index++)
      this.#header.setUint32(index * HEADER.bytes + HEADER.nameLength, NAME.bytes, true);
  }

  /** Valid until the next are read. Undefined: longer than what is taken. */
  message(index: number): Uint8Array | undefined {
    const header = index * HEADER.bytes;
    if (this.#header.getInt32(header + HEADER.flags, true) & MSG.TRUNC) return undefined;
    const begin = index * MESSAGE_BYTES;
    return this.#contents.subarray(begin, begin + this.#header.getUint32(header + HEADER.length, true));
  }

  peer(index: number): DatagramPeer {
    const name = index * NAME.bytes;
    return {
      address: this.#name.getUint32(name + NAME.address, false),
      port: this.#name.getUint16(name + NAME.port, false),
    };
  }

  put(index: number, { address, port }: DatagramPeer, bytes: Uint8Array): void {
    const name = index * NAME.bytes;
    this.#name.setUint16(name, AF.INET, true);
    this.#name.setUint16(name + NAME.port, port, false);
    this.#name.setUint32(name + NAME.address, address, false);
    this.#contents.set(bytes, index * MESSAGE_BYTES);
    this.#vector.setUint32(index * VECTOR.bytes + VECTOR.length, bytes.length, true);
  }
}

function view(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
