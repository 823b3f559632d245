import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import type { MountSpec } from "#spec/docker/containers.ts";
import { isPropagation } from "./mount-mode.ts";
import { tmpfsOptions, tmpfsSpecText } from "./tmpfs.ts";

/** @throws InvalidArgument 'invalid mount config for type "T": …' with Docker's reasons */
export function checkMountSpec(spec: MountSpec, pathExists: (path: string) => boolean): void {
  const complaint = complaintAbout(spec, pathExists);
  if (complaint !== undefined)
    throw new InvalidArgument(`invalid mount config for type "${spec.Type ?? ""}": ${complaint}`);
}

/** @returns why a container cannot have a mount there */
export function complaintAboutTarget(target: string): string | undefined {
  if (target === "") return "field Target must not be empty";
  if (!target.startsWith("/")) return `invalid mount path: '${target}' mount path must be absolute`;
  if (posix.normalize(target) === "/") return "invalid specification: destination can't be '/'";
  if (target.includes("\0")) return "invalid mount path: it has a null byte";
  return undefined;
}

type Exists = (path: string) => boolean;

function complaintAbout(spec: MountSpec, pathExists: Exists): string | undefined {
  const { Type = "" } = spec;
  if (!Object.hasOwn(KINDS, Type)) return "mount type unknown";
  const { fields, check } = KINDS[Type as keyof typeof KINDS];
  const extra = OPTION_FIELDS.find((field) => spec[field] && !(fields as readonly string[]).includes(field));
  return (
    complaintAboutTarget(spec.Target ?? "") ??
    (extra && `field ${extra} must not be specified`) ??
    check(spec, pathExists)
  );
}

const OPTION_FIELDS = ["BindOptions", "VolumeOptions", "TmpfsOptions", "ImageOptions"] as const;

const KINDS = {
  bind: { fields: ["BindOptions"], check: complaintAboutBind },
  volume: { fields: ["VolumeOptions"], check: complaintAboutVolume },
  tmpfs: { fields: ["TmpfsOptions"], check: complaintAboutTmpfs },
  image: { fields: ["ImageOptions"], check: complaintAboutImage },
} as const;

function complaintAboutBind({ Source = "", BindOptions = {} }: MountSpec, pathExists: Exists) {
  const { Propagation, CreateMountpoint } = BindOptions;
  if (Source === "") return "field Source must not be empty";
  if (!Source.startsWith("/")) return `invalid mount path: '${Source}' mount path must be absolute`;
  if (Propagation && !isPropagation(Propagation)) return `invalid propagation mode: ${Propagation}`;
  if (!CreateMountpoint && !pathExists(Source)) return `bind source path does not exist: ${Source}`;
  return undefined;
}

function complaintAboutVolume({ Source = "", ReadOnly, VolumeOptions = {} }: MountSpec) {
  const { Subpath = "" } = VolumeOptions;
  if (Subpath !== "" && Source === "") return "must not set Subpath when using anonymous volumes";
  if (Subpath !== "" && !isLocal(Subpath)) return "subpath must be a relative path within the volume";
  if (ReadOnly && Source === "") return "must not set ReadOnly mode when using anonymous volumes";
  return undefined;
}

function complaintAboutTmpfs(spec: MountSpec) {
  if (spec.Source) return "field Source must not be specified";
  try {
    tmpfsOptions(tmpfsSpecText(spec));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function complaintAboutImage({ Source = "", ImageOptions = {} }: MountSpec) {
  const { Subpath = "" } = ImageOptions;
  if (Source === "") return "field Source must not be empty";
  if (Subpath !== "" && !isLocal(Subpath)) return "subpath must be a relative path within the image";
  return undefined;
}

/** Whether a relative path stays below where it starts, as far as its text tells. */
function isLocal(path: string): boolean {
  const normal = posix.normalize(path);
  return !normal.startsWith("/") && normal !== ".." && !normal.startsWith("../");
}
