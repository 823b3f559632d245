/** Images made by the test itself, for loading: each layer is a list of file names, equal lists are equal layers. */
import { join } from "node:path";
import { buildImage, writeLayout } from "#registry/_testing/registry.ts";
import type { TestDaemon } from "./daemon.ts";

export interface LoadedImage {
  /** Config digest. */
  readonly id: string;
  readonly manifestDigest: string;
}

/** @param sizeBytes of each file */
export async function loadImage(
  daemon: TestDaemon,
  name: string,
  layers: readonly (readonly string[])[],
  sizeBytes = 3000,
): Promise<LoadedImage> {
  const { machine } = daemon;
  const image = await buildImage(layers, { sizeBytes });
  const directory = join(machine.directory, "layout");
  await writeLayout(machine.outside(directory), image, name);
  await machine.text(["sh", "-c", 'tar -C "$0" -cf "$0.tar" .', directory]);
  await daemon.dockerText("load", "-q", "-i", `${directory}.tar`);
  await machine.text(["rm", "-rf", directory, `${directory}.tar`]);
  return { id: image.config.digest, manifestDigest: image.manifest.digest };
}

/** "p-0" to "p-(n-1)" */
export function fileNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}
