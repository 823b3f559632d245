import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ImplicitDirectory } from "./layout.ts";

/** Beside an image, from the helper that wrote it to the driver that completes it, and to whoever verifies it. */
export interface ImageDescription {
  /** Length of the tar in the image. */
  readonly archiveBytes: number;
  readonly metadataOffset: number;
  readonly metadataBytes: number;
  /** Whether the layer hides everything below it. */
  readonly isOpaque: boolean;
  /** Directories that are to be as the layers below have them, and where their inodes are. */
  readonly implicit: readonly ImplicitDirectory[];
}

export function descriptionPath(imagePath: string): string {
  return join(dirname(imagePath), "image.json");
}

export function readDescription(imagePath: string): ImageDescription {
  return JSON.parse(readFileSync(descriptionPath(imagePath), "utf8")) as ImageDescription;
}
