/** Whether a driver works in a directory: each tries what it will need, on nearly nothing. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "#base/errors.ts";
import { TarParser } from "#base/tar-read.ts";
import { encodeTarHeader, TAR_END } from "#base/tar-write.ts";
import { createSubvolume, destroySubvolume } from "#kernel/files/btrfs.ts";
import type { Kernel } from "#kernel/types.ts";
import { ImageWriter } from "../erofs/image-writer.ts";
import { DEFAULT_BOUNDS } from "../layer/bounds.ts";
import type { RootMount } from "../types.ts";
import type { DriverName } from "./drivers.ts";
import { mountImage } from "./erofs.ts";
import { FUSE_OVERLAYFS } from "./fuse-overlay.ts";
import { mountRoot, unmountRoot } from "./mounts.ts";

export interface ProbeDeps {
  readonly kernel: Pick<Kernel, "mounts">;
  /** Where the directories will be: what works depends on the file system there. */
  readonly directory: string;
}

export interface DriverProbe {
  /** @returns the reason when it does not work */
  readonly trouble: (deps: ProbeDeps) => string | undefined;
  readonly remedy: string;
}

export const DRIVER_PROBES: Readonly<Record<DriverName, DriverProbe>> = {
  overlay2: {
    trouble: (deps) => attempt(deps, (probe) => tryOverlay(deps, probe)),
    remedy: "put the data root on ext4, xfs or btrfs, or choose the driver vfs",
  },
  erofs: {
    trouble: (deps) => attempt(deps, (probe) => tryErofs(deps, probe)),
    remedy:
      "it needs Linux 6.12 or later with EROFS that can be mounted from files, and a data root on ext4, xfs or btrfs; or choose the driver overlay2",
  },
  btrfs: {
    trouble: (deps) => attempt(deps, trySubvolume),
    remedy: "put the data root on btrfs, or choose the driver overlay2",
  },
  "fuse-overlayfs": {
    trouble: (deps) => attempt(deps, (probe) => tryOverlay(deps, probe, FUSE_OVERLAYFS)),
    remedy: "install the package fuse-overlayfs and make /dev/fuse available, or choose the driver overlay2",
  },
  vfs: { trouble: () => undefined, remedy: "" },
};

function attempt({ directory }: ProbeDeps, work: (probe: string) => void): string | undefined {
  const probe = join(directory, "driver-probe");
  rmSync(probe, { recursive: true, force: true }); // of a start that was killed here
  try {
    mkdirSync(probe, { recursive: true });
    work(probe);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** Mounts two empty directories. */
function tryOverlay({ kernel }: ProbeDeps, probe: string, program?: RootMount["program"]): void {
  if (program && !existsSync("/dev/fuse")) throw new Error("/dev/fuse is missing");
  const [lower, upper, work, target] = ["lower", "upper", "work", "target"].map((name) => {
    mkdirSync(join(probe, name), { recursive: true });
    return join(probe, name);
  }) as [string, string, string, string];
  const root = { kind: "overlay", lower: [lower], upper, work, source: undefined } as const;
  mountRoot(kernel, program ? { ...root, program } : root, target);
  unmountRoot(kernel, target);
}

/** Writes an image with one file, mounts it below overlayfs and reads the file. */
function tryErofs(deps: ProbeDeps, probe: string): void {
  const image = join(probe, "image");
  writeProbeImage(image);
  const lower = join(probe, "lower");
  mkdirSync(lower);
  mountImage(deps.kernel, image, lower);
  try {
    if (readFileSync(join(lower, "file"), "utf8") !== PROBE_TEXT)
      throw new Error("an image reads differently");
    tryOverlay(deps, probe);
  } finally {
    unmountRoot(deps.kernel, lower);
  }
}

const PROBE_TEXT = "wharf";

function writeProbeImage(path: string): void {
  const header = encodeTarHeader({ name: "file", type: "file", mode: 0o644, sizeBytes: PROBE_TEXT.length });
  const body = Buffer.from(PROBE_TEXT.padEnd(512, "\0"));
  using image = new ImageWriter(path, { bounds: DEFAULT_BOUNDS, dataOffset: () => parser.offset });
  const parser: TarParser = new TarParser(image);
  for (const chunk of [header, body, TAR_END]) {
    image.archive(chunk);
    parser.push(chunk);
  }
  parser.finish();
  image.finish();
}

function trySubvolume(probe: string): void {
  createSubvolume(probe, "subvolume");
  destroySubvolume(probe, "subvolume");
}
