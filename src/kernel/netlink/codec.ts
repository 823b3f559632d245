import { NLA_F_NESTED, NLA_TYPE_MASK, NLM_F, NLMSG, NLMSGERR_ATTR } from "./constants.ts";

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
/** The length field of an attribute has 16 bits. */
export const MAX_ATTRIBUTE_BYTES = 0xffff;

/**
 * Netlink messages being written, one after the other, in one growing buffer that a socket sends at once. Numbers
 * are little-endian, as on both our architectures; what a protocol wants in network order it gets as bytes.
 */
export class MessageWriter {
  #bytes = Buffer.alloc(1024);
  #length = 0;
  #start = 0;
  readonly #firstSequence: number;
  #sequence: number;
  /** Sequence numbers of the messages that asked for an acknowledgement, in order. */
  readonly acknowledged: number[] = [];

  /** @param firstSequence number of the first message; the following ones count up */
  constructor(firstSequence: number) {
    this.#firstSequence = firstSequence;
    this.#sequence = firstSequence - 1;
  }

  /** Runs `body` between a new message's header and its end. @param flags bits of `NLM_F`; REQUEST is added */
  message(type: number, flags: number, body: (message: this) => void): this {
    this.#start = this.#length;
    this.#sequence++;
    if (flags & NLM_F.ACK) this.acknowledged.push(this.#sequence);
    this.u32(0)
      .u16(type)
      .u16(flags | NLM_F.REQUEST)
      .u32(this.#sequence)
      .u32(0);
    body(this);
    this.#bytes.writeUInt32LE(this.#length - this.#start, this.#start);
    return this;
  }

  u8(value: number): this {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.#grow(2);
    this.#length = this.#bytes.writeUInt16LE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#grow(4);
    this.#length = this.#bytes.writeUInt32LE(value >>> 0, this.#length);
    return this;
  }

  /** One attribute, padded to four bytes. */
  attribute(type: number, value: Uint8Array): this {
    const total = ATTRIBUTE_HEADER_BYTES + value.length;
    if (total > MAX_ATTRIBUTE_BYTES) throw new RangeError(`netlink attribute of ${value.length} bytes`);
    this.u16(total).u16(type);
    this.#grow(align(value.length));
    this.#bytes.set(value, this.#length);
    this.#bytes.fill(0, this.#length + value.length, this.#length + align(value.length));
    this.#length += align(value.length);
    return this;
  }

  /** A string with its NUL. */
  textAttribute(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  u8Attribute(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  u32Attribute(type: number, value: number): this {
    return this.u16(8).u16(type).u32(value);
  }

  /** An attribute made of attributes. */
  nested(type: number, body: (message: this) => void): this {
    const start = this.#length;
    this.u16(0).u16(type | NLA_F_NESTED);
    body(this);
    const total = this.#length - start;
    if (total > MAX_ATTRIBUTE_BYTES) throw new RangeError(`nested netlink attribute of ${total} bytes`);
    this.#bytes.writeUInt16LE(total, start);
    return this;
  }

  /** Bytes written since the current message's header began: where an error's offset points. */
  get offsetInMessage(): number {
    return this.#length - this.#start;
  }

  /** Sequence number of the last message. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether a message of this sequence number was written here. */
  has(sequence: number): boolean {
    return sequence >= this.#firstSequence && sequence <= this.#sequence;
  }

  /** What was written; valid until more is. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}

export interface NetlinkMessage {
  readonly type: number;
  /** Bits of `NLM_F`. */
  readonly flags: number;
  readonly sequence: number;
  /** Port of the socket it answers, or whose request it tells of. */
  readonly sender: number;
  /** What follows the header. */
  readonly payload: Buffer;
}

/** The messages of one received datagram. Payloads are views of it. */
export function decodeMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(offset);
    if (length < HEADER_BYTES || offset + length > datagram.length)
      throw new Error("netlink: broken message");
    messages.push({
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      sender: datagram.readUInt32LE(offset + 12),
      payload: datagram.subarray(offset + HEADER_BYTES, offset + length),
    });
    offset += align(length);
  }
  return messages;
}

/** Attributes by type, after a fixed header of `offset` bytes; of repeated ones the last. */
export function decodeAttributes(payload: Buffer, offset = 0): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = offset; at + ATTRIBUTE_HEADER_BYTES <= payload.length; ) {
    const length = payload.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > payload.length) break;
    const type = payload.readUInt16LE(at + 2) & NLA_TYPE_MASK;
    attributes.set(type, payload.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length));
    at += align(length);
  }
  return attributes;
}

/** A string attribute without its NUL. */
export function decodeText(attribute: Buffer): string {
  const end = attribute.indexOf(0);
  return attribute.toString("utf8", 0, end < 0 ? attribute.length : end);
}

/** The kernel's verdict on one message. */
export interface Acknowledgement {
  readonly sequence: number;
  /** 0 for success. */
  readonly errno: number;
  /** The kernel's explanation, often empty. */
  readonly words: string;
  /** Where in the message the offending attribute begins, where the kernel says. */
  readonly offset: number | undefined;
}

export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement | undefined {
  if (message.type !== NLMSG.ERROR) return undefined;
  const { payload, flags, sequence } = message;
  const errno = Math.abs(payload.readInt32LE(0));
  if (!(flags & NLM_F.ACK_TLVS)) return { sequence, errno, words: "", offset: undefined };
  // The refused message follows the number, with its body unless the socket asked for the header alone.
  const echoed = flags & NLM_F.CAPPED ? HEADER_BYTES : align(payload.readUInt32LE(4));
  const attributes = decodeAttributes(payload, 4 + echoed);
  const words = attributes.get(NLMSGERR_ATTR.MSG);
  return {
    sequence,
    errno,
    words: words ? decodeText(words) : "",
    offset: attributes.get(NLMSGERR_ATTR.OFFS)?.readUInt32LE(0),
  };
}

function align(length: number): number {
  return (length + 3) & ~3;
}
