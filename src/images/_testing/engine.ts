/** Images over a real store with the kernel's overlay driver: what the tests beside other people's programs use. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { silentLog } from "#base/log.ts";
import { openMemoryState } from "#state/memory.ts";
import { createStorage } from "#storage/storage.ts";
import { createImages } from "../images.ts";
import type { ImagesOptions } from "../options.ts";

const HELPER = [process.execPath, join(import.meta.dir, "../../storage/_testing/helper-main.ts")];

/** @param home where its data root is made; needs root, and a file system overlayfs can stand on */
export function createRealImages(
  home: string,
  kernel: Parameters<typeof createStorage>[0]["kernel"],
  options: Partial<ImagesOptions> = {},
) {
  const state = openMemoryState();
  const storage = createStorage({
    dataRoot: mkdtempSync(join(home, "data-")),
    kernel,
    state,
    driver: "overlay2",
    log: silentLog,
    helperCommand: HELPER,
  });
  const images = createImages({
    state,
    storage,
    events: { emit() {} },
    users: { usersOf: () => [], countFor: () => 0 },
    clock: systemClock,
    log: silentLog,
    host: { os: "linux", architecture: "amd64" },
    options: { certsDir: "/nonexistent", ...options },
  });
  return { images, storage };
}
