/** What every benchmark begins with: its command line, and an image to run. */
import { join } from "node:path";
import { timeCommand } from "./measure.ts";

/** The word after this one on the command line. */
export function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** A root file system of busybox as a tar archive, for `import`. @param programs files that go into its bin/ */
export function makeBusyboxArchive(directory: string, programs: readonly string[] = []): string {
  const rootfs = join(directory, "rootfs");
  const env = process.env as Record<string, string>;
  timeCommand(["sh", join(import.meta.dir, "../tools/setup/busybox-rootfs.sh"), rootfs], { env });
  for (const program of programs) timeCommand(["cp", program, join(rootfs, "bin")], { env });
  timeCommand(["tar", "-C", rootfs, "-cf", `${rootfs}.tar`, "."], { env });
  return `${rootfs}.tar`;
}
