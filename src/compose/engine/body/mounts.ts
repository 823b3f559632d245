/** What a service's container has mounted: volumes, binds, secrets and configs that are files, and what it inherits. */
import { InvalidArgument } from "#base/errors.ts";
import type { MountPoint, MountSpec } from "#spec/docker/containers.ts";
import type { FileReference, Mount } from "../../model/container-types.ts";
import type { FileObject, Project, Service } from "../../model/types.ts";
import { present } from "./resources.ts";

export interface InheritedMounts {
  /** Mounts of the container that is replaced. */
  readonly mounts: readonly MountPoint[];
  /** Paths the image declares as volumes. */
  readonly imageVolumes: ReadonlySet<string>;
}

export interface PlannedMounts {
  /** "SOURCE:TARGET:OPTIONS": the engine makes missing sources of these. */
  readonly binds: string[];
  readonly mounts: MountSpec[];
}

/** Sorted by target, so that two plans of the same service are the same. */
export function planMounts(project: Project, service: Service, inherited?: InheritedMounts): PlannedMounts {
  const byTarget = new Map<string, MountSpec>();
  const old = inherited ? anonymousOf(service, inherited) : new Map<string, MountSpec>();
  const declared = service.volumes ?? [];
  for (const mount of declared) byTarget.set(mount.target, mountSpec(project, mount));
  for (const [target, spec] of old) byTarget.set(target, spec);
  for (const spec of [...fileMounts(project, service, "secrets"), ...fileMounts(project, service, "configs")])
    if (!byTarget.has(spec.Target!)) byTarget.set(spec.Target!, spec);
  const planned: PlannedMounts = { binds: [], mounts: [] };
  for (const target of [...byTarget.keys()].sort()) {
    const spec = byTarget.get(target)!;
    const mount = declared.find((one) => one.target === target);
    const bind = mount && bindText(project, mount, spec);
    if (bind === undefined) planned.mounts.push(spec);
    else planned.binds.push(bind);
  }
  return planned;
}

/** Anonymous volumes of the old container: those of the image, and those the file names only a target for. */
function anonymousOf(service: Service, { mounts, imageVolumes }: InheritedMounts): Map<string, MountSpec> {
  const found = new Map<string, MountSpec>();
  for (const { Type, Name, Source, Destination, RW } of mounts) {
    if (Type === "tmpfs") continue;
    const declared = (service.volumes ?? []).find(({ target }) => target === Destination);
    if (declared ? declared.source || declared.type !== "volume" : !imageVolumes.has(Destination)) continue;
    found.set(Destination, {
      Type,
      Source: Type === "volume" ? Name! : Source,
      Target: Destination,
      ReadOnly: !RW,
    });
  }
  return found;
}

function mountSpec(project: Project, mount: Mount): MountSpec {
  const named = mount.type === "volume" && mount.source ? project.volumes[mount.source]?.name : undefined;
  return present({
    Type: mount.type,
    Source: named ?? mount.source,
    Target: mount.target,
    ReadOnly: mount.read_only,
    Consistency: mount.consistency,
    ...OPTIONS[mount.type](mount),
  });
}

const OPTIONS = {
  bind: ({ bind }) => (bind ? { BindOptions: bindOptions(bind) } : {}),
  volume: ({ volume }) =>
    volume
      ? {
          VolumeOptions: present({
            NoCopy: volume.nocopy,
            Subpath: volume.subpath,
            Labels: volume.labels && { ...volume.labels },
          }),
        }
      : {},
  tmpfs: ({ tmpfs }) => (tmpfs ? { TmpfsOptions: present({ SizeBytes: tmpfs.size, Mode: tmpfs.mode }) } : {}),
  image: ({ image }) => (image?.subpath ? { ImageOptions: { Subpath: image.subpath } } : {}),
  npipe: () => ({}),
  cluster: () => ({}),
} satisfies Record<Mount["type"], (mount: Mount) => Partial<MountSpec>>;

function bindOptions(bind: NonNullable<Mount["bind"]>) {
  const { propagation, create_host_path, recursive } = bind;
  const idMap = idMapOf(bind);
  return {
    ...(idMap ? { IDMap: idMap } : {}),
    ...(propagation ? { Propagation: propagation } : {}),
    ...(create_host_path ? { CreateMountpoint: true } : {}),
    ...(recursive === "disabled" ? { NonRecursive: true } : {}),
    ...(recursive === "writable" ? { ReadOnlyNonRecursive: true } : {}),
    ...(recursive === "readonly" ? { ReadOnlyForceRecursive: true } : {}),
  };
}

/** @throws InvalidArgument */
function idMapOf({ extensions }: NonNullable<Mount["bind"]>): string | undefined {
  const value = extensions?.["x-idmap"];
  if (value === undefined || typeof value === "string") return value;
  throw new InvalidArgument(`x-idmap of a bind must be "owner" or UID-GID, not ${JSON.stringify(value)}`);
}

/** The short form, where it can say everything; undefined: it takes the long one. */
function bindText(project: Project, mount: Mount, spec: MountSpec): string | undefined {
  if (spec.Source === undefined || !FITS_SHORT_FORM[mount.type]?.(mount)) return undefined;
  if (mount.type === "volume" && !Object.values(project.volumes).some(({ name }) => name === spec.Source))
    return undefined;
  const idMap = mount.bind && idMapOf(mount.bind);
  const options = [
    mount.read_only ? "ro" : "rw",
    mount.bind?.selinux,
    mount.volume?.nocopy ? "nocopy" : "",
    idMap ? `idmap=${idMap}` : "",
  ];
  return `${spec.Source}:${mount.target}:${options.filter(Boolean).join(",")}`;
}

const FITS_SHORT_FORM: Readonly<Partial<Record<Mount["type"], (mount: Mount) => boolean>>> = {
  bind: ({ bind }) => !bind || (bind.create_host_path && !bind.propagation && !bind.recursive),
  volume: ({ volume }) =>
    !volume || (Object.keys(volume.labels ?? {}).length === 0 && !volume.subpath && !volume.nocopy),
};

export type FileKind = "secrets" | "configs";

const DIRECTORY = { secrets: "/run/secrets/", configs: "/" } as const;

/** Where a secret or config is in the container. */
export function fileTarget(kind: FileKind, { source, target }: FileReference): string {
  if (target?.startsWith("/")) return target;
  return DIRECTORY[kind] + (target || source);
}

function fileMounts(project: Project, service: Service, kind: FileKind): MountSpec[] {
  return (service[kind] ?? []).flatMap((reference) => {
    const file = findFile(project, service, { kind, source: reference.source });
    if (file.file === undefined) return []; // its content is copied in before the start
    const spec: MountSpec = {
      Type: "bind",
      Source: file.file,
      Target: fileTarget(kind, reference),
      ReadOnly: true,
    };
    return [kind === "secrets" ? { ...spec, BindOptions: {} } : spec];
  });
}

/** @throws InvalidArgument for a secret or config that only a cluster has */
export function findFile(
  project: Project,
  service: Pick<Service, "name">,
  { kind, source }: { readonly kind: FileKind; readonly source: string },
): FileObject {
  const one = kind.slice(0, -1);
  const file = project[kind][source];
  const refuse = (reason: string, hint: string) =>
    new InvalidArgument(`service "${service.name}": ${one} "${source}" ${reason}`, { hint });
  if (!file) throw refuse("is not defined", `Define it below '${kind}:' in the Compose file`);
  if (file.external)
    throw refuse(
      "is external: there is no cluster to take it from",
      "Give it a file, an environment variable or content",
    );
  for (const key of ["driver", "template_driver"] as const)
    if (file[key]) throw refuse(`has '${key}', which needs a cluster`, `Leave out '${key}'`);
  return file;
}
