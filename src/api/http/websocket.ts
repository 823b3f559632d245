/**
 * The server's side of RFC 6455, as far as attaching needs it: data both ways, ping, close. No extensions.
 * @see https://www.rfc-editor.org/rfc/rfc6455
 */
import { Duplex } from "node:stream";
import { write } from "./response.ts";

const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MAX_FRAME_BYTES = 1 << 20;

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const CLOSE_NORMAL = Buffer.from([0x03, 0xe8]); // 1000
const CLOSE_PROTOCOL_ERROR = Buffer.from([0x03, 0xea]); // 1002

/** The `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return new Bun.CryptoHasher("sha1").update(key + HANDSHAKE_GUID).digest("base64");
}

export function encodeWebSocketFrame(opcode: number, payload: Uint8Array): Buffer {
  const { byteLength } = payload;
  const headBytes = byteLength < 126 ? 2 : byteLength < 65536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + byteLength);
  frame[0] = 0x80 | opcode;
  frame[1] = headBytes === 2 ? byteLength : headBytes === 4 ? 126 : 127;
  if (headBytes === 4) frame.writeUInt16BE(byteLength, 2);
  if (headBytes === 10) frame.writeBigUInt64BE(BigInt(byteLength), 2);
  frame.set(payload, headBytes);
  return frame;
}

export interface WebSocketFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Takes a client's masked frames in chunks of any size. */
export class WebSocketDecoder {
  #buffered = Buffer.alloc(0);

  /** @throws Error for an unmasked, oversized or reserved frame: the connection must be closed then */
  *push(chunk: Uint8Array): Generator<WebSocketFrame> {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    for (let frame = this.#take(); frame; frame = this.#take()) yield frame;
  }

  #take(): WebSocketFrame | undefined {
    const bytes = this.#buffered;
    if (bytes.byteLength < 2) return undefined;
    if ((bytes[0]! & 0x70) !== 0 || (bytes[1]! & 0x80) === 0) throw new Error("websocket: malformed frame");
    const shortLength = bytes[1]! & 0x7f;
    const maskAt = shortLength === 126 ? 4 : shortLength === 127 ? 10 : 2;
    if (bytes.byteLength < maskAt + 4) return undefined;
    const length =
      maskAt === 2 ? shortLength : maskAt === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (length > MAX_FRAME_BYTES) throw new Error(`websocket: a frame of ${length} bytes is too large`);
    const end = maskAt + 4 + length;
    if (bytes.byteLength < end) return undefined;
    this.#buffered = bytes.subarray(end);
    const payload = unmask(bytes.subarray(maskAt + 4, end), bytes.subarray(maskAt, maskAt + 4));
    return { opcode: bytes[0]! & 0x0f, payload };
  }
}

function unmask(payload: Uint8Array, mask: Uint8Array): Buffer {
  const plain = Buffer.from(payload);
  for (let i = 0; i < plain.byteLength; i++) plain[i]! ^= mask[i & 3]!;
  return plain;
}

/** A WebSocket as a stream of its messages' bytes; their boundaries have no meaning for an attached container. */
export class WebSocketStream extends Duplex {
  readonly #socket: Duplex;
  readonly #decoder = new WebSocketDecoder();
  readonly #opcode: number;

  /** @param options.binary send binary messages; text messages before API 1.28 */
  constructor(socket: Duplex, options: { readonly binary: boolean }) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#opcode = options.binary ? OPCODE.binary : OPCODE.text;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("end", () => this.push(null));
    socket.on("close", () => this.destroy());
    socket.on("error", (error) => this.destroy(error));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(this.#opcode, chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#send(OPCODE.close, CLOSE_NORMAL).then(() => {
      this.#socket.end();
      done();
    }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  async #send(opcode: number, payload: Uint8Array): Promise<void> {
    await write(this.#socket, encodeWebSocketFrame(opcode, payload));
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#decoder.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#send(OPCODE.close, CLOSE_PROTOCOL_ERROR).catch(() => {});
      this.destroy(error as Error);
    }
  }

  #take({ opcode, payload }: WebSocketFrame): void {
    switch (opcode) {
      case OPCODE.continuation:
      case OPCODE.text:
      case OPCODE.binary:
        if (payload.byteLength > 0 && !this.push(payload)) this.#socket.pause();
        break;
      case OPCODE.ping:
        this.#send(OPCODE.pong, payload).catch(() => {});
        break;
      case OPCODE.close:
        this.push(null);
        this.end();
        break;
    }
  }
}
