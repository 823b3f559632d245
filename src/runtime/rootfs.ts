import { lstatSync } from "node:fs";
import { join } from "node:path";
import { StartFailed } from "./start-failed.ts";

/** Where runtimes mount and make files as root before they have left the host's view. */
const OWN_DIRECTORIES = ["dev", "proc", "sys"];

/**
 * An image may have these as directories or not at all. Through a link runtimes have written to the host (runc,
 * CVE-2026-41579; crun, CVE-2026-47766; for /proc CVE-2019-16884), and fixed ones are not everywhere.
 * @throws StartFailed
 */
export function checkRootfs(rootfs: string): void {
  for (const name of OWN_DIRECTORIES) {
    const stat = lstatSync(join(rootfs, name), { throwIfNoEntry: false });
    if (stat && !stat.isDirectory()) {
      throw new StartFailed(
        `OCI runtime create failed: the image's /${name} is not a directory: nothing is mounted through it`,
        128,
      );
    }
  }
}
