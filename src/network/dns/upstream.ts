import { randomInt } from "node:crypto";
import type { Socket, udp } from "bun";
import type { IpAddress } from "#kernel/types.ts";
import { parseReply, setU16, u16 } from "./message.ts";

const PORT = 53;
/** A socket is given up after so many questions: its port is a secret that a forger of answers must guess. */
const QUESTIONS_PER_SOCKET = 256;
const MOST_PENDING = 1024;

/** Runs synchronous code in the network the questions leave from. */
export type Inside = <T>(work: () => T) => T;

/** Told once: the answer, or undefined when there will be none. */
export type OnAnswer = (answer: Uint8Array | undefined) => void;

/** A question under way. Thousands a second are asked: no promise, no signal. */
class Pending {
  readonly question: Uint8Array;
  readonly #originalId: number;
  readonly #tell: OnAnswer;
  readonly #forget: () => void;
  #isSettled = false;

  constructor(query: Uint8Array, questionEnd: number, tell: OnAnswer, forget: () => void) {
    this.question = query.subarray(12, questionEnd);
    this.#originalId = u16(query, 0);
    this.#tell = tell;
    this.#forget = forget;
  }

  settle(answer: Uint8Array | undefined): void {
    if (this.#isSettled) return;
    this.cancel();
    if (answer) setU16(answer, 0, this.#originalId);
    this.#tell(answer);
  }

  /** Nobody waits any more. */
  cancel(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#forget();
  }
}

/** One resolver by UDP: connected sockets, so that the kernel drops what comes from elsewhere. */
export class UpstreamUdp {
  readonly #address: IpAddress;
  readonly #inside: Inside;
  readonly #port: number;
  #socket: AskingSocket | undefined;

  /** @param port other than 53 in tests */
  constructor(address: IpAddress, inside: Inside, port = PORT) {
    this.#address = address;
    this.#inside = inside;
    this.#port = port;
  }

  /**
   * Asks once.
   * @param query its id is replaced on the way, and back in the answer
   * @param tell may be called before this returns, when nothing could be asked
   * @returns how to stop waiting
   */
  ask(query: Uint8Array, questionEnd: number, tell: OnAnswer): () => void {
    if (!this.#socket?.takesMore) {
      this.#socket?.retire();
      this.#socket = this.#open();
    }
    if (this.#socket) return this.#socket.ask(query, questionEnd, tell);
    tell(undefined);
    return () => {};
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): AskingSocket | undefined {
    try {
      const asking = new AskingSocket();
      const connect = { hostname: this.#address, port: this.#port };
      const made = this.#inside(() =>
        Bun.peek(
          Bun.udpSocket({
            connect,
            socket: { data: (_socket, data) => asking.received(data), error: () => asking.refused() },
          }),
        ),
      );
      if (made instanceof Promise) return undefined; // an address is connected to at once
      asking.socket = made;
      return asking;
    } catch {
      return undefined; // no route to it
    }
  }
}

class AskingSocket {
  socket!: udp.ConnectedSocket<"buffer">;
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #retired = false;

  get takesMore(): boolean {
    return this.#asked < QUESTIONS_PER_SOCKET && this.#pending.size < MOST_PENDING;
  }

  ask(query: Uint8Array, questionEnd: number, tell: OnAnswer): () => void {
    const id = this.#freeId();
    const sent = new Uint8Array(query);
    setU16(sent, 0, id);
    this.#asked++;
    const pending = new Pending(query, questionEnd, tell, () => this.#forget(id));
    this.#pending.set(id, pending);
    try {
      this.socket.send(sent);
    } catch {
      pending.settle(undefined); // refused: nobody listens there
    }
    return () => pending.cancel();
  }

  #forget(id: number): void {
    this.#pending.delete(id);
    if (this.#retired && this.#pending.size === 0) this.socket.close();
  }

  received(data: Buffer): void {
    const reply = parseReply(data);
    const pending = reply && this.#pending.get(reply.id);
    if (pending && sameQuestion(reply.question, pending.question)) pending.settle(new Uint8Array(data));
  }

  /** Nobody listens there: there is nothing to wait for. */
  refused(): void {
    for (const pending of [...this.#pending.values()]) pending.settle(undefined);
  }

  /** Closed when the last answer has come. */
  retire(): void {
    this.#retired = true;
    if (this.#pending.size === 0) this.socket.close();
  }

  close(): void {
    this.#retired = false;
    this.refused();
    this.socket.close();
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x10000);
      if (!this.#pending.has(id)) return id;
    }
  }
}

/** Letters may come back in another case. */
function sameQuestion(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (lower(a[i]!) !== lower(b[i]!)) return false;
  return true;
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** One question by TCP, for answers too long for UDP. */
export async function askByTcp(
  target: { readonly address: IpAddress; readonly port?: number; readonly inside: Inside },
  query: Uint8Array,
  until: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  const giveUp = () => resolve(undefined);
  until.addEventListener("abort", giveUp);
  let received = Buffer.alloc(0);
  let connecting!: Promise<Socket<undefined>>; // the socket is made at once, inside; only its connection takes time
  target.inside(() => {
    connecting = Bun.connect({
      hostname: target.address,
      port: target.port ?? PORT,
      socket: {
        open: (socket) => void socket.write(framed(query)),
        data(_socket, data) {
          received = Buffer.concat([received, data]);
          if (received.length < 2 || received.length < 2 + u16(received, 0)) return;
          const answer = received.subarray(2, 2 + u16(received, 0));
          const isOurs = parseReply(answer)?.id === u16(query, 0);
          resolve(isOurs ? answer : undefined);
        },
        close: giveUp,
        connectError: giveUp,
        error: giveUp,
      },
    });
  });
  connecting.catch(giveUp);
  const answer = await promise;
  until.removeEventListener("abort", giveUp);
  void connecting.then((socket) => socket.terminate()).catch(() => {});
  return answer;
}

/** A message of a TCP stream, its length before it. */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + message.length);
  setU16(bytes, 0, message.length);
  bytes.set(message, 2);
  return bytes;
}
