import { parseReply, type Query, RCODE, type Reply, setU16, setU32 } from "./message.ts";

const MOST_ENTRIES = 2048;
/** Larger answers are rare, and not worth keeping. */
const MOST_BYTES = 4096;
/** Seconds. Longer than its resolver says nothing is kept; short enough that a change outside is seen soon. */
const LONGEST = 300;
const LONGEST_NEGATIVE = 30;
/** For "no such name" without a word on how long that holds. */
const NEGATIVE_DEFAULT = 5;

interface Entry {
  readonly bytes: Uint8Array;
  readonly ttlOffsets: readonly number[];
  readonly storedMs: number;
  readonly endMs: number;
}

/** Resolvers' answers, each as long as it says itself. The entry used least recently makes room. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>();
  readonly #nowMs: () => number;

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** An answer to this very query: its id, its spelling of the name, the time that is left. */
  get(key: string, bytes: Uint8Array, query: Query): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = this.#nowMs();
    this.#entries.delete(key);
    if (now >= entry.endMs) return undefined;
    this.#entries.set(key, entry);
    const answer = new Uint8Array(entry.bytes);
    setU16(answer, 0, query.id);
    answer.set(bytes.subarray(12, query.questionEnd), 12);
    const ageSeconds = Math.floor((now - entry.storedMs) / 1000);
    if (ageSeconds > 0)
      for (const offset of entry.ttlOffsets)
        setU32(answer, offset, Math.max(0, ttlAt(answer, offset) - ageSeconds));
    return answer;
  }

  put(key: string, bytes: Uint8Array): void {
    const reply = bytes.length > MOST_BYTES ? undefined : parseReply(bytes);
    const seconds = reply ? lifetime(bytes, reply) : 0;
    if (!reply || seconds <= 0) return;
    const now = this.#nowMs();
    this.#entries.set(key, {
      bytes: new Uint8Array(bytes),
      ttlOffsets: reply.ttlOffsets,
      storedMs: now,
      endMs: now + seconds * 1000,
    });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** Everything of a query but its id and the spelling of its name. */
export function cacheKey(bytes: Uint8Array, query: Query): string {
  const rest = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + query.questionEnd - 4,
    bytes.byteLength - query.questionEnd + 4,
  );
  return `${query.name}\0${query.flags}\0${rest.toString("latin1")}`;
}

/** Seconds; 0: not to be kept. */
function lifetime(bytes: Uint8Array, reply: Reply): number {
  if (reply.isTruncated) return 0;
  const isNegative = reply.rcode === RCODE.NXDOMAIN || (bytes[6] === 0 && bytes[7] === 0);
  if (isNegative && (reply.rcode === RCODE.NXDOMAIN || reply.rcode === RCODE.NOERROR))
    return Math.min(LONGEST_NEGATIVE, reply.minTtl ?? NEGATIVE_DEFAULT);
  return reply.rcode === RCODE.NOERROR ? Math.min(LONGEST, reply.minTtl ?? 0) : 0;
}

function ttlAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}
