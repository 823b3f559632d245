import { ptr } from "bun:ffi";
import { Errno, SysError } from "./errno.ts";

const RING_BYTES = 512 * 1024;
const LARGEST_ITEM_BYTES = 64 * 1024;
const PINNED_VIEWS = 8;

/**
 * Memory for the arguments of system calls. The collector may free a buffer between taking its address and the
 * call, so strings and structs are written to one ring that lives as long as the thread, and large buffers are held
 * by reference. What was written stays valid until 448 KiB more have been: far longer than any one call needs.
 */
export class CallMemory {
  readonly #ring = Buffer.alloc(RING_BYTES);
  readonly #address: number = ptr(this.#ring);
  readonly #pinned: (NodeJS.ArrayBufferView | undefined)[] = new Array(PINNED_VIEWS).fill(undefined);
  #next = 0;
  #nextPin = 0;
  /** The ring itself, to fill and read structs at offsets from `reserve()`. */
  readonly view = new DataView(this.#ring.buffer, this.#ring.byteOffset, RING_BYTES);

  /** The address of a copy of `value` with a NUL at its end. @throws SysError EINVAL when it contains a NUL itself */
  text(value: string | Uint8Array): number {
    const bytes =
      typeof value === "string" ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
    if (bytes.includes("\0")) throw new SysError("text", Errno.EINVAL, JSON.stringify(bytes.toString()));
    const offset = this.#take(value.length * (typeof value === "string" ? 3 : 1) + 1);
    const length =
      typeof bytes === "string" ? this.#ring.write(bytes, offset) : bytes.copy(this.#ring, offset);
    this.#ring[offset + length] = 0;
    this.#next = align(offset + length + 1);
    return this.#address + offset;
  }

  /** The address of a copy of `bytes`, at most 64 KiB. */
  copy(bytes: Uint8Array): number {
    const offset = this.reserve(bytes.length);
    this.#ring.set(bytes, offset);
    return this.#address + offset;
  }

  /** As `reserve`, for what the call fills: the bytes hold anything. */
  reserveUncleared(sizeBytes: number): number {
    const offset = this.#take(sizeBytes);
    this.#next = align(offset + sizeBytes);
    return offset;
  }

  /** Sets aside zeroed bytes, aligned to eight. @returns their offset in the ring */
  reserve(sizeBytes: number): number {
    const offset = this.#take(sizeBytes);
    this.#ring.fill(0, offset, offset + sizeBytes);
    this.#next = align(offset + sizeBytes);
    return offset;
  }

  addressOf(offset: number): number {
    return this.#address + offset;
  }

  /** A copy of what a call left at `offset`. */
  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#ring.subarray(offset, offset + length));
  }

  /** UTF-8 text of what a call left at `offset`. */
  string(offset: number, length: number): string {
    return this.#ring.toString("utf8", offset, offset + length);
  }

  /** The address of a caller's buffer, held until eight later ones have been. */
  pin(view: NodeJS.ArrayBufferView): number {
    this.#pinned[this.#nextPin] = view;
    this.#nextPin = (this.#nextPin + 1) % PINNED_VIEWS;
    return view.byteLength === 0 ? 0 : ptr(view);
  }

  #take(sizeBytes: number): number {
    if (sizeBytes > LARGEST_ITEM_BYTES)
      throw new SysError("memory", Errno.ENAMETOOLONG, `${sizeBytes} bytes`);
    if (this.#next + sizeBytes > RING_BYTES) this.#next = 0;
    return this.#next;
  }
}

function align(offset: number): number {
  return (offset + 7) & ~7;
}
