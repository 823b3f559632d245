import { existsSync } from "node:fs";
import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import type { ContainerConfig, HostConfig, MountSpec } from "#spec/docker/containers.ts";
import { parseIdmap, parseMountMode } from "./mount-mode.ts";
import { checkMountSpec, complaintAboutTarget } from "./mount-spec.ts";
import { parseBind } from "./parse-bind.ts";
import { tmpfsOptions, tmpfsSpecText } from "./tmpfs.ts";
import type { PlannedMount } from "./types.ts";

export interface MountsRequest {
  /** Merged with the image's: its Volumes are places for anonymous volumes. */
  readonly config: Pick<ContainerConfig, "Volumes">;
  readonly hostConfig: Pick<HostConfig, "Binds" | "Mounts" | "Tmpfs" | "VolumesFrom" | "VolumeDriver">;
  /** Mounts of a container that VolumesFrom names. @throws InvalidArgument when there is none */
  readonly mountsOf: (container: string) => readonly PlannedMount[];
  /** Id of an image that is here. @throws InvalidArgument when there is none */
  readonly imageOf: (name: string) => string;
}

/** The little a plan must know of the world. */
export interface MountsHost {
  readonly pathExists: (path: string) => boolean;
  /** Names for anonymous volumes: 64 hex digits. */
  readonly newName: () => string;
  /** Where the engine's own mounts are; absent: nothing is known of them. */
  readonly dataRoot?: string;
}

/** This host, without an engine. */
export const MOUNTS_HOST: MountsHost = { pathExists: existsSync, newName: newId };

/**
 * Everything that is mounted in a container, decided once at create, parents before what lies below them. What the user
 * asked for by `-v`, `--mount` and `--tmpfs` must not collide; it takes the place of what other containers lend, and that
 * of what the image wants. Volumes named here may have to be created; an anonymous one has its name already.
 * @throws InvalidArgument with Docker's text
 */
export function planMounts(
  { config, hostConfig, mountsOf, imageOf }: MountsRequest,
  host: MountsHost = MOUNTS_HOST,
): PlannedMount[] {
  const { Binds, Mounts, Tmpfs, VolumesFrom, VolumeDriver } = hostConfig;
  const driver = VolumeDriver || "local";
  const lent = (VolumesFrom ?? []).flatMap((text) => lentMounts(text, mountsOf));
  const asked = [
    ...(Binds ?? []).map((text) => plannedBind(text, driver, host)),
    ...(Mounts ?? []).map((spec) => plannedSpec(spec, driver, host)),
    ...Object.entries(Tmpfs ?? {}).map(([path, options]) => plannedTmpfs(path, options)),
  ];
  checkDuplicates(asked);
  const byPlace = new Map([...lent, ...asked].map((mount) => [mount.destination, mount]));
  for (const path of Object.keys(config.Volumes ?? {})) {
    const destination = cleanTarget(posix.resolve("/", path), "volume");
    if (!byPlace.has(destination)) byPlace.set(destination, imageVolume(destination, driver, host));
  }
  return [...byPlace.values()].sort(parentsFirst).map((mount) => withImage(mount, imageOf, host));
}

/** A lent image stays the one it was, and is shown to each container by a snapshot of its own. */
function withImage(
  mount: PlannedMount,
  imageOf: MountsRequest["imageOf"],
  { newName }: MountsHost,
): PlannedMount {
  if (mount.type !== "image") return mount;
  return { ...mount, image: { id: mount.image?.id ?? imageOf(mount.source), snapshot: newName() } };
}

function lentMounts(text: string, mountsOf: MountsRequest["mountsOf"]): PlannedMount[] {
  const { container, readOnly } = parseVolumesFrom(text);
  return mountsOf(container)
    .filter(isLent)
    .map((mount) => ({ ...mount, readOnly: mount.readOnly || readOnly, copyUp: false }));
}

/** "CONTAINER[:ro|rw]". @throws InvalidArgument */
function parseVolumesFrom(text: string): { readonly container: string; readonly readOnly: boolean } {
  if (text === "") throw new InvalidArgument("volumes-from specification cannot be an empty string");
  const colon = text.indexOf(":");
  if (colon < 0) return { container: text, readOnly: false };
  const mode = text.slice(colon + 1);
  const { readOnly, noCopy } = parseMountMode(mode);
  if (noCopy) throw new InvalidArgument(`invalid mode: ${mode}`);
  return { container: text.slice(0, colon), readOnly };
}

const PLAIN = {
  volume: undefined,
  driver: undefined,
  readOnly: false,
  propagation: "",
  mode: "",
  copyUp: false,
  recursive: true,
  subpath: undefined,
  createSource: false,
  tmpfsOptions: [],
  anonymous: false,
  spec: undefined,
} satisfies Partial<PlannedMount>;

/** What Docker prints for volumes whose mode nobody gave. */
export const VOLUME_MODE = "z";

function plannedBind(text: string, driver: string, host: MountsHost): PlannedMount {
  const { source, target, mode, readOnly, propagation, noCopy, idmap } = parseBind(text);
  const common = { ...PLAIN, destination: target, readOnly, ...(idmap === undefined ? {} : { idmap }) };
  if (source.startsWith("/"))
    return {
      ...common,
      type: "bind",
      source: posix.normalize(source),
      propagation: bindPropagation(source, propagation, host),
      mode,
      createSource: true,
    };
  if (idmap !== undefined)
    throw new InvalidArgument(`invalid mode: ${mode}: idmap is for directories of the host`);
  const named = { type: "volume", source, volume: source, driver, copyUp: !noCopy } as const;
  return { ...common, ...named, mode: mode || VOLUME_MODE };
}

function plannedSpec(spec: MountSpec, driver: string, host: MountsHost): PlannedMount {
  checkMountSpec(spec, host.pathExists);
  const { Source = "", ReadOnly: readOnly = false } = spec;
  const common = { ...PLAIN, destination: posix.resolve(spec.Target!), readOnly, spec };
  switch (spec.Type) {
    case "bind":
      return {
        ...common,
        type: "bind",
        source: posix.normalize(Source),
        propagation: bindPropagation(Source, spec.BindOptions?.Propagation, host),
        recursive: !spec.BindOptions?.NonRecursive,
        createSource: spec.BindOptions?.CreateMountpoint ?? false,
        ...(spec.BindOptions?.IDMap ? { idmap: parseIdmap(spec.BindOptions.IDMap) } : {}),
      };
    case "tmpfs":
      return { ...common, type: "tmpfs", source: "", tmpfsOptions: tmpfsOptions(tmpfsSpecText(spec)) };
    case "image":
      return {
        ...common,
        type: "image",
        source: Source,
        readOnly: true,
        subpath: spec.ImageOptions?.Subpath || undefined,
      };
    default:
      return { ...common, ...plannedVolume(spec, driver, host), mode: VOLUME_MODE };
  }
}

/**
 * What a container sees of the host's later mounts. A bind that shows the engine's own mounts must see them go, or the
 * container would hold on to the roots of others.
 * @throws InvalidArgument in Docker's words where that is refused
 */
function bindPropagation(source: string, asked: string | undefined, { dataRoot }: MountsHost): string {
  if (dataRoot === undefined || !isAround(posix.normalize(source), dataRoot)) return asked || "rprivate";
  if (asked && !/^r(slave|shared)$/.test(asked))
    throw new InvalidArgument(
      'invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within ' +
        `the daemon root, daemon root: "${dataRoot}", bind mount source: "${source}", propagation: "${asked}"`,
    );
  return asked || "rslave";
}

/** One of both directories is, or is below, the other. */
function isAround(source: string, dataRoot: string): boolean {
  const [a, b] = [source, dataRoot].map((path) => `${path.replace(/\/+$/, "")}/`) as [string, string];
  return a.startsWith(b) || b.startsWith(a);
}

function plannedVolume(spec: MountSpec, driver: string, host: MountsHost) {
  const { NoCopy, DriverConfig, Subpath } = spec.VolumeOptions ?? {};
  const name = spec.Source || host.newName();
  return {
    type: "volume",
    source: name,
    volume: name,
    driver: DriverConfig?.Name || driver,
    anonymous: !spec.Source,
    copyUp: !NoCopy && !Subpath,
    subpath: Subpath || undefined,
  } as const;
}

function plannedTmpfs(path: string, options: string): PlannedMount {
  return {
    ...PLAIN,
    type: "tmpfs",
    destination: cleanTmpfsTarget(path),
    source: "",
    tmpfsOptions: tmpfsOptions(options),
  };
}

function imageVolume(destination: string, driver: string, host: MountsHost): PlannedMount {
  return { ...PLAIN, destination, ...plannedVolume({}, driver, host) };
}

/** What `--tmpfs` made is the other container's alone. */
function isLent(mount: PlannedMount): boolean {
  return mount.type !== "tmpfs" || mount.spec !== undefined;
}

/** Docker's words here name no type. */
function cleanTmpfsTarget(path: string): string {
  const complaint = complaintAboutTarget(path);
  if (complaint !== undefined) throw new InvalidArgument(complaint);
  return posix.resolve(path);
}

function cleanTarget(path: string, type: string): string {
  const complaint = complaintAboutTarget(path);
  if (complaint !== undefined)
    throw new InvalidArgument(`invalid mount config for type "${type}": ${complaint}`);
  return posix.resolve(path);
}

function checkDuplicates(mounts: readonly PlannedMount[]): void {
  const seen = new Set<string>();
  for (const { destination } of mounts) {
    if (seen.has(destination)) throw new InvalidArgument(`Duplicate mount point: ${destination}`);
    seen.add(destination);
  }
}

function parentsFirst(a: PlannedMount, b: PlannedMount): number {
  const depth = (path: string) => path.split("/").length;
  return depth(a.destination) - depth(b.destination) || (a.destination < b.destination ? -1 : 1);
}
