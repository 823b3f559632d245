/**
 * Docker's framing for the output of containers without a terminal: each frame is an 8-byte head (stream number, three
 * zero bytes, payload length as a big-endian 32-bit number) and the payload.
 * @see https://docs.docker.com/reference/api/engine/ "Attach to a container", stream format
 */
export const STREAM = { stdin: 0, stdout: 1, stderr: 2, systemError: 3 } as const;
export type StreamNumber = (typeof STREAM)[keyof typeof STREAM];

export const FRAME_HEAD_BYTES = 8;

/** A piece of one stream. A long frame may arrive as several pieces. */
export interface StreamPiece {
  readonly stream: StreamNumber;
  readonly data: Uint8Array;
}

/** Bytes of one stream within a chunk. */
export interface StreamRun {
  readonly stream: StreamNumber;
  readonly begin: number;
  readonly end: number;
}

/** @param payloadBytes below 4 GiB */
export function encodeFrameHead(stream: StreamNumber, payloadBytes: number): Uint8Array {
  const head = new Uint8Array(FRAME_HEAD_BYTES);
  head[0] = stream;
  new DataView(head.buffer).setUint32(4, payloadBytes);
  return head;
}

export function encodeFrame(stream: StreamNumber, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEAD_BYTES + payload.byteLength);
  frame.set(encodeFrameHead(stream, payload.byteLength));
  frame.set(payload, FRAME_HEAD_BYTES);
  return frame;
}

/** Takes framed bytes in chunks of any size and hands out the payload as it comes, without collecting whole frames. */
export class FrameDecoder {
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headBytes = 0;
  #stream: StreamNumber = STREAM.stdout;
  #payloadLeft = 0;

  /**
   * The pieces are views of `chunk`: use them before its memory is written again.
   * @throws Error when the head names no stream, which means these are not framed bytes
   */
  *push(chunk: Uint8Array): Generator<StreamPiece> {
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#payloadLeft === 0) {
        at += this.#takeHead(chunk, at);
        continue;
      }
      const size = Math.min(this.#payloadLeft, chunk.byteLength - at);
      yield { stream: this.#stream, data: chunk.subarray(at, at + size) };
      this.#payloadLeft -= size;
      at += size;
    }
  }

  /**
   * As `push` at once, with pieces that follow each other on one stream joined: each is worth a system call. `chunk`
   * itself is written to. Makes no views: in bulk output one costs more than the copy of all that it shows.
   */
  pushJoined(chunk: Uint8Array): StreamRun[] {
    const runs: StreamRun[] = [];
    let stream = this.#stream;
    let begin = 0;
    let end = 0;
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#payloadLeft === 0) {
        at += this.#takeHead(chunk, at);
        continue;
      }
      if (this.#stream !== stream || begin === end) {
        if (begin < end) runs.push({ stream, begin, end });
        stream = this.#stream;
        begin = at;
        end = at;
      }
      const size = Math.min(this.#payloadLeft, chunk.byteLength - at);
      if (at > end) chunk.copyWithin(end, at, at + size);
      end += size;
      at += size;
      this.#payloadLeft -= size;
    }
    if (begin < end) runs.push({ stream, begin, end });
    return runs;
  }

  /** True between frames: an end of the connection here lost nothing. */
  get isAtBoundary(): boolean {
    return this.#payloadLeft === 0 && this.#headBytes === 0;
  }

  #takeHead(chunk: Uint8Array, from: number): number {
    const head = this.#head;
    let at = from;
    while (this.#headBytes < FRAME_HEAD_BYTES && at < chunk.byteLength)
      head[this.#headBytes++] = chunk[at++]!;
    if (this.#headBytes === FRAME_HEAD_BYTES) {
      this.#headBytes = 0;
      this.#stream = streamNumber(head[0]!);
      this.#payloadLeft = head[4]! * 0x1000000 + ((head[5]! << 16) | (head[6]! << 8) | head[7]!);
    }
    return at - from;
  }
}

function streamNumber(byte: number): StreamNumber {
  if (byte > STREAM.systemError) throw new Error(`unrecognized stream number ${byte} in multiplexed output`);
  return byte as StreamNumber;
}
