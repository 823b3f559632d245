import { readSync } from "node:fs";
import type { TarEntry } from "#base/tar-header.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import * as at from "#kernel/files/at.ts";
import { entryError, writeBeside } from "../layer/entry-error.ts";
import type { LayerTarget } from "../layer/target.ts";
import { DATA_OFFSET } from "./format.ts";
import { descriptionPath, type ImageDescription } from "./image-description.ts";
import { LayerIndex, type LayerIndexOptions } from "./index-layer.ts";
import { planImage } from "./layout.ts";
import type { ChunkCopy } from "./sparse.ts";

/**
 * Writes one layer as an EROFS image: the archive as it comes, then the metadata that makes files of it. What a small
 * file costs is some two hundred bytes at the end of a large write, and not a file of the host's.
 * @throws as `LayerIndex`; Internal when the disk is full
 */
export class ImageWriter implements LayerTarget {
  readonly implicitDirectories: readonly string[] = []; // told by the description
  readonly #path: string;
  readonly #file: number;
  readonly #index: LayerIndex;
  #archiveBytes = 0;

  constructor(path: string, options: LayerIndexOptions) {
    this.#path = path;
    this.#index = new LayerIndex(options);
    const flags = O.RDWR | O.CREAT | O.EXCL | O.NOFOLLOW;
    this.#file = at.openat(AT.FDCWD, path, flags, 0o600);
  }

  get sizeBytes(): number {
    return this.#index.sizeBytes;
  }

  get entries(): number {
    return this.#index.entries;
  }

  get warnings(): Iterable<string> {
    return this.#index.warnings;
  }

  archive(chunk: Uint8Array): void {
    this.#write(chunk, DATA_OFFSET + this.#archiveBytes);
    this.#archiveBytes += chunk.byteLength;
  }

  entry(entry: TarEntry): void {
    this.#index.entry(entry);
  }

  data(chunk: Uint8Array): void {
    this.#index.data(chunk);
  }

  end(): void {}

  finish(): void {
    const { root } = this.#index.tree;
    const { superblock, metadata, copies, imageBytes, implicit } = planImage(root, this.#archiveBytes);
    at.ftruncate(this.#file, imageBytes);
    this.#write(metadata.bytes, metadata.offset);
    for (const copy of copies) this.#copy(copy);
    this.#write(superblock.bytes, superblock.offset);
    const description: ImageDescription = {
      archiveBytes: this.#archiveBytes,
      metadataOffset: metadata.offset,
      metadataBytes: metadata.bytes.byteLength,
      isOpaque: root.opaque ?? false,
      implicit,
    };
    writeBeside(descriptionPath(this.#path), JSON.stringify(description));
  }

  [Symbol.dispose](): void {
    at.close(this.#file);
  }

  #copy({ from, to, bytes }: ChunkCopy): void {
    const buffer = Buffer.allocUnsafe(Math.min(bytes, COPY_BYTES));
    for (let done = 0; done < bytes; ) {
      const count = readSync(this.#file, buffer, 0, Math.min(buffer.byteLength, bytes - done), from + done);
      if (count === 0) throw new Error(`${this.#path} has become shorter`);
      this.#write(buffer.subarray(0, count), to + done);
      done += count;
    }
  }

  #write(bytes: Uint8Array, offset: number): void {
    try {
      at.pwrite(this.#file, bytes, 0, bytes.byteLength, offset);
    } catch (error) {
      throw entryError(this.#path, error);
    }
  }
}

const COPY_BYTES = 1 << 20;
