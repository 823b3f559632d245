import { InvalidArgument } from "#base/errors.ts";

/** How much one layer may become before it counts as a decompression bomb (reference attack 22). */
export interface LayerBounds {
  /** Of the uncompressed archive, and of any file in it. */
  readonly maxBytes: number;
  /** Files, and directories made because an entry needed them. */
  readonly maxEntries: number;
  /** The latter alone: commit looks each of them up in the layers below. */
  readonly maxImplicitDirectories: number;
  /** Uncompressed to compressed, looked at from `ratioFreeBytes` on: a file of zeros is no attack. */
  readonly maxRatio: number;
  readonly ratioFreeBytes: number;
}

/** Far above real layers: the largest published ones have some 100 GiB and a million files. */
export const DEFAULT_BOUNDS: LayerBounds = {
  maxBytes: 512 * 2 ** 30,
  maxEntries: 5_000_000,
  maxImplicitDirectories: 100_000,
  maxRatio: 2000, // gzip itself ends at 1032
  ratioFreeBytes: 8 * 2 ** 30,
};

/** @throws InvalidArgument when the archive has grown beyond the bounds */
export function checkArchiveSize(bounds: LayerBounds, plainBytes: number, compressedBytes: number): void {
  if (plainBytes > bounds.maxBytes) throw tooMuch(`more than ${bounds.maxBytes} bytes`);
  if (plainBytes > bounds.ratioFreeBytes && plainBytes > bounds.maxRatio * compressedBytes)
    throw tooMuch(`${plainBytes} bytes out of ${compressedBytes} compressed ones`);
}

export function checkFileSize(bounds: LayerBounds, sizeBytes: number): void {
  if (sizeBytes > bounds.maxBytes) throw tooMuch(`a file of ${sizeBytes} bytes`);
}

export function checkEntryCount(bounds: LayerBounds, entries: number, implicitDirectories: number): void {
  if (entries + implicitDirectories > bounds.maxEntries)
    throw tooMuch(`more than ${bounds.maxEntries} files`);
  if (implicitDirectories > bounds.maxImplicitDirectories)
    throw tooMuch(`more than ${bounds.maxImplicitDirectories} directories without an entry`);
}

function tooMuch(what: string): InvalidArgument {
  return new InvalidArgument(`layer is too large: ${what}`);
}
