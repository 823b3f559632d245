import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Digest } from "#base/digest.ts";
import type { Kernel } from "#kernel/types.ts";
import { readDescription } from "../erofs/image-description.ts";
import { inheritIntoImage } from "../erofs/inherit.ts";
import { readAll, sealOf, type VerifyImageRequest } from "../erofs/verify-image.ts";
import { FILES, type SnapshotDriver } from "./driver.ts";
import { createOverlayDriver } from "./overlay.ts";

/** A layer's image, in a directory of its own beside the one it is mounted on. */
const IMAGE = "image/layer.erofs";

export interface ErofsDeps {
  readonly root: string;
  readonly kernel: Pick<Kernel, "files" | "mounts">;
  /** Away from this thread: it reads the whole image. */
  readonly verifyImage: (request: VerifyImageRequest) => Promise<boolean>;
}

/**
 * Layers as EROFS images, one file each, put together by overlayfs. An image is mounted without a loop device when the
 * first container needs it and stays so until the layer goes: all containers share what has been read of it.
 * @param deps.root holds the numbered directories; must exist
 */
export function createErofsDriver({ root, kernel, verifyImage }: ErofsDeps): SnapshotDriver {
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
    verify: (home, layer) => verifyImage({ image: join(home, IMAGE), ...layer }),
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
): Promise<{ readonly opaque: boolean; readonly seal: Digest }> {
  const description = readDescription(image);
  const { metadataOffset, metadataBytes, isOpaque } = description;
  await using file = await open(image, "r+");
  const metadata = await readAll(file, metadataOffset, metadataBytes);
  await inheritIntoImage(metadata, description, lower);
  await file.write(metadata, 0, metadataBytes, metadataOffset);
  return { opaque: isOpaque, seal: await sealOf(file, description) };
}
