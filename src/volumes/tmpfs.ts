import { InvalidArgument } from "#base/errors.ts";
import type { MountSpec } from "#spec/docker/containers.ts";

/** What a tmpfs in a container has unless asked otherwise. */
const DEFAULTS = ["noexec", "nosuid", "nodev"];

/** Each flag with its opposite: the later of a pair wins. */
const OPPOSITES: Readonly<Record<string, string>> = {
  ro: "rw",
  exec: "noexec",
  suid: "nosuid",
  dev: "nodev",
  sync: "async",
  dirsync: "nodirsync",
  remount: "noremount",
  mand: "nomand",
  atime: "noatime",
  diratime: "nodiratime",
  relatime: "norelatime",
  strictatime: "nostrictatime",
};
const OPPOSITE_OF = new Map(
  Object.entries(OPPOSITES).flatMap(
    ([a, b]) =>
      [
        [a, b],
        [b, a],
      ] as const,
  ),
);
const FLAGS = new Set([...OPPOSITE_OF.keys(), "defaults", "bind", "rbind"]);
const VALUES = new Set(["uid", "gid", "size", "mode", "nr_inodes", "nr_blocks", "mpol"]);

/**
 * Mount options of a `--tmpfs` with Docker's defaults in front; of opposites and of repeated values the last stays.
 * @param text "rw,size=64m,mode=1770"; empty for the defaults alone
 * @throws InvalidArgument for an option tmpfs does not have
 */
export function tmpfsOptions(text: string): string[] {
  const given = text.split(",").filter((option) => option !== "");
  const unknown = given.filter((option) => !isKnown(option));
  if (unknown.length > 0) throw new InvalidArgument(`invalid tmpfs option ${JSON.stringify(unknown)}`);
  const kept: string[] = [];
  for (const option of [...DEFAULTS, ...given].reverse())
    if (!kept.some((later) => isOverruled(option, later))) kept.unshift(option);
  return kept;
}

/** Options of a mount of type "tmpfs", as text for `tmpfsOptions`. @throws InvalidArgument */
export function tmpfsSpecText({ ReadOnly, TmpfsOptions = {} }: MountSpec): string {
  const { Mode, SizeBytes, Options } = TmpfsOptions;
  if (SizeBytes !== undefined && SizeBytes < 0) throw new InvalidArgument(`invalid tmpfs size: ${SizeBytes}`);
  return [
    ...(ReadOnly ? ["ro"] : []),
    ...(Mode ? [`mode=${Mode.toString(8)}`] : []),
    ...(SizeBytes ? [`size=${SizeBytes}`] : []),
    ...(Options ?? []).map((option) => option.join("=")),
  ].join(",");
}

function isKnown(option: string): boolean {
  const equals = option.indexOf("=");
  return equals < 0 ? FLAGS.has(option) : VALUES.has(option.slice(0, equals));
}

function isOverruled(option: string, later: string): boolean {
  return nameOf(option) === nameOf(later) || OPPOSITE_OF.get(option) === later;
}

function nameOf(option: string): string {
  return option.split("=", 1)[0]!;
}
