import { mkdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Digest, DigestMeter } from "#base/digest.ts";
import type { Kernel } from "#kernel/types.ts";
import { DATA_OFFSET } from "../erofs/format.ts";
import { descriptionPath, type ImageDescription } from "../erofs/image-description.ts";
import { inheritIntoImage } from "../erofs/inherit.ts";
import { FILES, type SnapshotDriver } from "./driver.ts";
import { createOverlayDriver } from "./overlay.ts";

/** A layer's image, in a directory of its own beside the one it is mounted on. */
const IMAGE = "image/layer.erofs";

/**
 * Layers as EROFS images, one file each, put together by overlayfs. An image is mounted without a loop device when the
 * first container needs it and stays so until the layer goes: all containers share what has been read of it.
 * @param root holds the numbered directories; must exist
 */
export function createErofsDriver(root: string, kernel: Pick<Kernel, "files" | "mounts">): SnapshotDriver {
  const overlay = createOverlayDriver(root, kernel.files);
  const mounted = (lower: readonly string[]) => {
    for (const directory of lower) mountImage(kernel, join(directory, "..", IMAGE), directory);
    return lower;
  };
  // lazily: what overlayfs has mounted of it stays as it is
  const unmountImage = (home: string) => kernel.mounts.unmount(join(home, FILES));
  return {
    ...overlay,
    name: "erofs",
    status: [...overlay.status.slice(0, 1), ["Layers", "EROFS images, mounted from files"]],
    imageName: IMAGE,
    async prepare(home) {
      await overlay.prepare(home, []);
      mkdirSync(dirname(join(home, IMAGE)), { mode: 0o700 });
    },
    async complete({ image }, lower) {
      return await completeImage(image!, mounted(lower));
    },
    createWritable: (home, lower) => overlay.createWritable(home, mounted(lower)),
    rootMount: (home, lower) => overlay.rootMount(home, mounted(lower)),
    dismantle: unmountImage,
    hide: unmountImage,
  };
}

/** Mounts an image unless it is mounted. Devices and setuid programs in it only count where overlayfs shows them. */
export function mountImage({ mounts }: Pick<Kernel, "mounts">, image: string, directory: string): void {
  if (!mounts.isMountPoint(directory))
    mounts.mount(image, directory, "erofs", { flags: ["ro", "nodev", "nosuid"] });
}

async function completeImage(
  image: string,
  lower: readonly string[],
): Promise<{ opaque: boolean; seal: Digest }> {
  const description = JSON.parse(readFileSync(descriptionPath(image), "utf8")) as ImageDescription;
  await using file = await open(image, "r+");
  const metadata = Buffer.alloc(description.metadataBytes);
  await file.read(metadata, 0, metadata.byteLength, description.metadataOffset);
  await inheritIntoImage(metadata, description, lower);
  await file.write(metadata, 0, metadata.byteLength, description.metadataOffset);
  const head = Buffer.alloc(DATA_OFFSET);
  await file.read(head, 0, head.byteLength, 0);
  const meter = new DigestMeter();
  meter.update(head);
  meter.update(metadata);
  return { opaque: description.isOpaque, seal: meter.digest() };
}
