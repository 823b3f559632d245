/**
 * DNS messages, as far as a name server in front of real resolvers needs them (RFC 1035, EDNS RFC 6891): one question is
 * read, answers are written, everything else passes through as bytes. Every offset that comes from the wire is checked.
 */

export const TYPE = { A: 1, PTR: 12, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;
export const CLASS_IN = 1;
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;
/** What a client without EDNS takes by UDP. */
const PLAIN_UDP_BYTES = 512;
/** What we offer: fits an unfragmented datagram on every path. */
const OWN_UDP_BYTES = 1232;
/** Points back at the question's name. */
const QUESTION_NAME = 0xc000 | HEADER_BYTES;

const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080 } as const;

export interface Query {
  readonly id: number;
  readonly flags: number;
  /** Lower case, without the dot at the end; "" is the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends. */
  readonly questionEnd: number;
  /** Largest datagram the client takes. */
  readonly maxUdpBytes: number;
  readonly hasEdns: boolean;
}

/**
 * Reads a query with one question. Undefined: no such thing; `refusal` says what its sender should hear.
 * @param bytes one datagram, or one message of a TCP stream
 */
export function parseQuery(bytes: Uint8Array): Query | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = u16(bytes, 2);
  const isPlainQuery = (flags & 0xf800) === 0; // neither an answer nor another opcode
  if (!isPlainQuery || u16(bytes, 4) !== 1 || u16(bytes, 6) !== 0) return undefined;
  const question = readName(bytes, HEADER_BYTES);
  if (!question || question.end + 4 > bytes.length) return undefined;
  const questionEnd = question.end + 4;
  const edns = findOpt(bytes, questionEnd);
  return {
    id: u16(bytes, 0),
    flags,
    name: question.name,
    type: u16(bytes, question.end),
    class: u16(bytes, question.end + 2),
    questionEnd,
    maxUdpBytes: edns === undefined ? PLAIN_UDP_BYTES : Math.max(PLAIN_UDP_BYTES, edns),
    hasEdns: edns !== undefined,
  };
}

/** The answer to what `parseQuery` does not take; undefined where silence is right: it was an answer, or too short. */
export function refusal(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES || u16(bytes, 2) & FLAG.QR) return undefined;
  const opcode = (u16(bytes, 2) >> 11) & 0xf;
  const answer = new Uint8Array(HEADER_BYTES);
  answer.set(bytes.subarray(0, 2));
  setU16(answer, 2, FLAG.QR | (opcode << 11) | (opcode === 0 ? RCODE.FORMERR : RCODE.NOTIMP));
  return answer;
}

export interface Answer {
  readonly rcode: number;
  /** Contents of records of the question's own type, ready for the wire. */
  readonly records: readonly Uint8Array[];
  /** Seconds. */
  readonly ttl: number;
}

/**
 * Writes an answer to a query, with its question.
 * @param maxBytes what does not fit is left out and marked, so that the client comes again by TCP
 */
export function writeAnswer(bytes: Uint8Array, query: Query, answer: Answer, maxBytes: number): Uint8Array {
  const optBytes = query.hasEdns ? 11 : 0;
  let room = maxBytes - query.questionEnd - optBytes;
  let count = 0;
  for (const record of answer.records) {
    room -= 12 + record.length;
    if (room < 0) break;
    count++;
  }
  const isCut = count < answer.records.length;
  const kept = answer.records.slice(0, count);
  const size = kept.reduce((sum, record) => sum + 12 + record.length, query.questionEnd + optBytes);
  const out = new Uint8Array(size);
  out.set(bytes.subarray(0, query.questionEnd));
  const flags = FLAG.QR | FLAG.AA | FLAG.RA | (query.flags & FLAG.RD) | (isCut ? FLAG.TC : 0) | answer.rcode;
  setU16(out, 2, flags);
  setU16(out, 6, count);
  setU16(out, 8, 0);
  setU16(out, 10, query.hasEdns ? 1 : 0);
  let at = query.questionEnd;
  for (const record of kept) at = writeRecord(out, at, query, record, answer.ttl);
  if (query.hasEdns) writeOpt(out, at);
  return out;
}

function writeRecord(out: Uint8Array, at: number, query: Query, record: Uint8Array, ttl: number): number {
  setU16(out, at, QUESTION_NAME);
  setU16(out, at + 2, query.type);
  setU16(out, at + 4, CLASS_IN);
  setU32(out, at + 6, ttl);
  setU16(out, at + 10, record.length);
  out.set(record, at + 12);
  return at + 12 + record.length;
}

function writeOpt(out: Uint8Array, at: number): void {
  setU16(out, at + 1, TYPE.OPT); // its name is the root: one zero byte
  setU16(out, at + 3, OWN_UDP_BYTES);
}

/** A name for the wire, uncompressed; undefined for one that does not fit: a container's name may be longer than DNS takes. */
export function encodeName(name: string): Uint8Array | undefined {
  const labels = name.split(".").filter((label) => label !== "");
  const bytes = labels.map((label) => Buffer.from(label));
  const size = bytes.reduce((sum, label) => sum + 1 + label.length, 1);
  if (size > MAX_NAME_BYTES || bytes.some((label) => label.length > 63)) return undefined;
  const out = new Uint8Array(size);
  let at = 0;
  for (const label of bytes) {
    out[at] = label.length;
    out.set(label, at + 1);
    at += 1 + label.length;
  }
  return out;
}

/** What a resolver's answer says, as far as forwarding and caching need it. */
export interface Reply {
  readonly id: number;
  readonly rcode: number;
  readonly isTruncated: boolean;
  /** The question's bytes, its letters as they came. */
  readonly question: Uint8Array;
  /** Offsets of the records' TTL fields, and the smallest TTL, in seconds; for a negative answer that of its SOA. */
  readonly ttlOffsets: readonly number[];
  readonly minTtl: number | undefined;
}

/** Undefined: not an answer with one question, or broken. */
export function parseReply(bytes: Uint8Array): Reply | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = u16(bytes, 2);
  if (!(flags & FLAG.QR) || u16(bytes, 4) !== 1) return undefined;
  const question = readName(bytes, HEADER_BYTES);
  if (!question || question.end + 4 > bytes.length) return undefined;
  const ttls = readTtls(bytes, question.end + 4, u16(bytes, 6) + u16(bytes, 8) + u16(bytes, 10));
  if (!ttls) return undefined;
  return {
    id: u16(bytes, 0),
    rcode: flags & 0xf,
    isTruncated: (flags & FLAG.TC) !== 0,
    question: bytes.subarray(HEADER_BYTES, question.end + 4),
    ...ttls,
  };
}

function readTtls(
  bytes: Uint8Array,
  from: number,
  count: number,
): { readonly ttlOffsets: number[]; readonly minTtl: number | undefined } | undefined {
  const ttlOffsets: number[] = [];
  let minTtl: number | undefined;
  let at = from;
  for (let i = 0; i < count; i++) {
    const end = skipName(bytes, at);
    if (end === undefined || end + 10 > bytes.length) return undefined;
    if (u16(bytes, end) !== TYPE.OPT) {
      ttlOffsets.push(end + 4);
      const ttl = u32(bytes, end + 4);
      minTtl = minTtl === undefined ? ttl : Math.min(minTtl, ttl);
    }
    at = end + 10 + u16(bytes, end + 8);
    if (at > bytes.length) return undefined;
  }
  return { ttlOffsets, minTtl };
}

/** The client's size in the OPT record, when there is one among the additional records of a query. */
function findOpt(bytes: Uint8Array, from: number): number | undefined {
  const count = u16(bytes, 8) + u16(bytes, 10);
  let at = from;
  for (let i = 0; i < count; i++) {
    const end = skipName(bytes, at);
    if (end === undefined || end + 10 > bytes.length) return undefined;
    if (u16(bytes, end) === TYPE.OPT) return u16(bytes, end + 2);
    at = end + 10 + u16(bytes, end + 8);
  }
  return undefined;
}

/** A question's name: no pointers there. */
function readName(
  bytes: Uint8Array,
  from: number,
): { readonly name: string; readonly end: number } | undefined {
  let name = "";
  let at = from;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63) return undefined;
    if (length === 0) return { name, end: at + 1 };
    if (at + 1 + length > bytes.length || at + 1 + length - from > MAX_NAME_BYTES) return undefined;
    if (name !== "") name += ".";
    for (let i = at + 1; i <= at + length; i++) {
      const code = bytes[i]!;
      name += String.fromCharCode(code >= 0x41 && code <= 0x5a ? code + 0x20 : code);
    }
    at += 1 + length;
  }
}

/** Past a name that may end in a pointer, which is not followed. */
function skipName(bytes: Uint8Array, from: number): number | undefined {
  for (let at = from; at - from <= MAX_NAME_BYTES; ) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if ((length & 0xc0) === 0xc0) return at + 2 <= bytes.length ? at + 2 : undefined;
    if (length > 63) return undefined;
    at += 1 + length;
  }
  return undefined;
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
}

export function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

export function setU32(bytes: Uint8Array, at: number, value: number): void {
  setU16(bytes, at, (value >>> 16) & 0xffff);
  setU16(bytes, at + 2, value & 0xffff);
}
