import { write } from "node:fs";
import { AF, MSG, SO, SOCK, SOL_SOCKET } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { int, linkRequest } from "../ffi/structs.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";
import {
  type Acknowledgement,
  decodeAcknowledgement,
  decodeMessages,
  MessageWriter,
  type NetlinkMessage,
} from "./codec.ts";
import { NETLINK_CAP_ACK, NETLINK_EXT_ACK, NLM_F, NLMSG, SIOCGIFINDEX, SOL_NETLINK } from "./constants.ts";

/** The kernel builds no larger datagrams in a dump. */
const RECEIVE_BYTES = 32 * 1024;
/** Buffers are enlarged beyond these, well below the usual net.core.{w,r}mem_default of 208 KiB. */
const PLAIN_SEND_BYTES = 128 * 1024;
const PLAIN_ACKNOWLEDGEMENTS = 100;
/** What one waiting acknowledgement takes of a socket's buffer, its bookkeeping included. */
const ACKNOWLEDGEMENT_BYTES = 2048;
const SOCKADDR_NL_BYTES = 12;
const DUMP_ATTEMPTS = 8;
/** More than the messages one send buffer can hold. */
const SEQUENCES_PER_REQUEST = 1 << 20;

/**
 * One AF_NETLINK socket, in the network namespace it was made in. The kernel works through a request before send
 * returns and has queued its answers by then, so nothing here ever waits.
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  #nextSequence = 1;

  /** @param protocol of `NETLINK` */
  constructor(protocol: number) {
    this.#fd = syscall("socket", "AF_NETLINK", AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, protocol);
    this.#setOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
    this.#setOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
  }

  /** By which the kernel and its notices name this socket; 0 before the first message. */
  get portId(): number {
    const call = memory();
    const name = call.reserve(SOCKADDR_NL_BYTES);
    const length = int(SOCKADDR_NL_BYTES);
    syscall("getsockname", "netlink", this.#fd, call.addressOf(name), length);
    return call.view.getUint32(name + 4, true); // u16 family, padding, u32 port
  }

  /** Messages to send on this socket, with sequence numbers no other request has. */
  writer(): MessageWriter {
    const first = this.#nextSequence;
    this.#nextSequence = (first + SEQUENCES_PER_REQUEST) % 2 ** 32;
    return new MessageWriter(first);
  }

  /**
   * Sends messages that change something, all at once.
   * @returns the kernel's verdicts in its order. A batch it refuses as a whole is one verdict, on a message that
   * asked for none.
   */
  transact(messages: MessageWriter): Acknowledgement[] {
    this.#makeRoom(messages.bytes().length, messages.acknowledged.length);
    this.#send(messages);
    return this.#verdicts(messages);
  }

  #verdicts(messages: MessageWriter): Acknowledgement[] {
    const waiting = new Set(messages.acknowledged);
    const verdicts: Acknowledgement[] = [];
    if (waiting.size === 0) return verdicts;
    for (const message of this.#answers(messages)) {
      const verdict = decodeAcknowledgement(message);
      if (!verdict) continue;
      verdicts.push(verdict);
      if (!waiting.delete(verdict.sequence) || waiting.size === 0) break;
    }
    return verdicts;
  }

  /**
   * As `transact`, by a thread of the runtime's pool: for what the kernel takes long for. One at a time, and nothing else on
   * this socket meanwhile.
   */
  async transactAside(messages: MessageWriter): Promise<Acknowledgement[]> {
    const bytes = messages.bytes();
    await new Promise<void>((resolve, reject) =>
      write(this.#fd, bytes, (error) => (error ? reject(error) : resolve())),
    );
    return this.#verdicts(messages);
  }

  /**
   * Sends one message that asks for an object.
   * @param absent the errno by which the kernel says that there is none such
   * @returns undefined then
   */
  get(messages: MessageWriter, absent: number, object: string): NetlinkMessage | undefined {
    this.#send(messages);
    for (const answer of this.#answers(messages)) {
      const verdict = decodeAcknowledgement(answer);
      if (!verdict) return answer;
      if (verdict.errno !== absent) throw new SysError("netlink", verdict.errno, object, verdict.words);
      break;
    }
    return undefined;
  }

  /** Asks for all objects of a kind; again when they changed while being listed. */
  dump(object: string, write: (messages: MessageWriter) => void): NetlinkMessage[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const messages = this.writer();
      write(messages);
      this.#send(messages);
      const answers = this.#receiveDump(object, messages);
      if (answers) return answers;
    }
    throw new SysError(
      "netlink",
      Errno.EAGAIN,
      object,
      `it changed during each of ${DUMP_ATTEMPTS} attempts`,
    );
  }

  /**
   * The index of a link in the socket's namespace; an ioctl, as there is nothing to decode.
   * @param name at most IFNAMSIZ - 1 bytes
   */
  linkIndex(name: string): number | undefined {
    const request = linkRequest(name);
    const result = trySyscall("ioctl", this.#fd, SIOCGIFINDEX, request.address);
    if (result === -Errno.ENODEV) return undefined;
    if (result < 0) throw new SysError("ioctl", -result, `link ${name}`);
    return request.index();
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  /** @returns undefined when the list was not of one moment */
  #receiveDump(object: string, messages: MessageWriter): NetlinkMessage[] | undefined {
    const answers: NetlinkMessage[] = [];
    let interrupted = false;
    for (const message of this.#answers(messages)) {
      const verdict = decodeAcknowledgement(message);
      if (verdict) throw new SysError("netlink", verdict.errno, object, verdict.words);
      if (message.flags & NLM_F.DUMP_INTR) interrupted = true;
      if (message.type === NLMSG.DONE) break;
      answers.push(message);
    }
    return interrupted ? undefined : answers;
  }

  #send(messages: MessageWriter): void {
    const bytes = messages.bytes();
    syscall("sendto", "netlink", this.#fd, memory().pin(bytes), bytes.length);
  }

  /** Messages that answer a request; the caller stops at the one it knows to be the last. */
  *#answers(request: MessageWriter): Generator<NetlinkMessage> {
    for (;;) {
      for (const message of this.#receive()) {
        // A request given up half-way may have left answers behind.
        if (request.has(message.sequence)) yield message;
      }
    }
  }

  #receive(): NetlinkMessage[] {
    const offset = memory().reserve(RECEIVE_BYTES);
    const flags = MSG.DONTWAIT | MSG.TRUNC;
    const length = syscall("recvfrom", "netlink", this.#fd, memory().addressOf(offset), RECEIVE_BYTES, flags);
    if (length > RECEIVE_BYTES) throw new Error(`netlink: a datagram of ${length} bytes`);
    return decodeMessages(Buffer.from(memory().bytes(offset, length).buffer));
  }

  #makeRoom(bytes: number, acknowledgements: number): void {
    if (bytes > PLAIN_SEND_BYTES) this.#setOption(SOL_SOCKET, SO.SNDBUFFORCE, bytes);
    if (acknowledgements > PLAIN_ACKNOWLEDGEMENTS) {
      this.#setOption(SOL_SOCKET, SO.RCVBUFFORCE, acknowledgements * ACKNOWLEDGEMENT_BYTES);
    }
  }

  #setOption(level: number, option: number, value: number): void {
    syscall("setsockopt", `${level}/${option}`, this.#fd, level, option, int(value), 4);
  }
}
