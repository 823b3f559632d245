import type { TarSink } from "#base/tar-archive.ts";
import { ImageWriter } from "../erofs/image-writer.ts";
import type { WhiteoutStyle } from "../types.ts";
import type { LayerBounds } from "./bounds.ts";
import { LayerWriter } from "./unpack.ts";

/** What a layer's entries become. */
export interface LayerTarget extends TarSink, Disposable {
  readonly sizeBytes: number;
  readonly entries: number;
  readonly implicitDirectories: Iterable<string>;
  readonly warnings: Iterable<string>;
  /** Given the archive's own bytes, before the entries in them. */
  archive?(chunk: Uint8Array): void;
  /** To be called after the last entry. */
  finish(): void;
}

export interface TargetOptions {
  readonly directory: string;
  readonly whiteouts: WhiteoutStyle;
  /** An EROFS image is written here, and nothing into the directory. */
  readonly image?: string | undefined;
  readonly bounds: LayerBounds;
}

/** @param dataOffset tells where in the archive the bytes after the header just read begin */
export function openTarget(options: TargetOptions, dataOffset: () => number): LayerTarget {
  const { image, bounds } = options;
  return image === undefined ? new LayerWriter(options) : new ImageWriter(image, { bounds, dataOffset });
}
