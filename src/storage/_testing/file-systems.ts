import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAKE: Readonly<Record<string, { readonly command: readonly string[]; readonly bytes: number }>> = {
  ext4: { command: ["mkfs.ext4", "-q", "-F"], bytes: 64 << 20 },
  btrfs: { command: ["mkfs.btrfs", "-q"], bytes: 128 << 20 },
  xfs: { command: ["mkfs.xfs", "-q"], bytes: 320 << 20 },
};

/**
 * A file system of this kind on a file, mounted; for tests that run in a mount namespace of their own.
 * @returns undefined where the host lacks mkfs, loop devices or the file system
 */
export function temporaryFileSystem(
  kind: "ext4" | "btrfs" | "xfs",
  options: { readonly make?: readonly string[]; readonly mount?: string } = {},
): string | undefined {
  const { command, bytes } = MAKE[kind]!;
  if (!Bun.which(command[0]!)) return undefined;
  const home = mkdtempSync(join(tmpdir(), `wharf-${kind}-`));
  const image = join(home, "image");
  const target = join(home, "mnt");
  writeFileSync(image, "");
  truncateSync(image, bytes);
  mkdirSync(target);
  const made = [
    [...command, ...(options.make ?? []), image],
    ["mount", "-o", ["loop", ...(options.mount ? [options.mount] : [])].join(","), "-t", kind, image, target],
  ].every((words) => Bun.spawnSync([...words], { stdout: "ignore", stderr: "ignore" }).exitCode === 0);
  if (made) return target;
  rmSync(home, { recursive: true });
  return undefined;
}
