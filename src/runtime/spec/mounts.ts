/** The mount list of `config.json`, in order. */
import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import type { RuntimeMount } from "#spec/oci/runtime.ts";
import { DEFAULT_MOUNTS, SHM_PATH, SHM_SIZE_BYTES } from "./defaults.ts";
import { INIT_PATH, initOf } from "./process.ts";
import type { SpecInput, SpecMount } from "./types.ts";

/** @throws InvalidArgument for mounts that cannot be */
export function mountsOf(input: SpecInput, options: { readonly writableCgroups: boolean }): RuntimeMount[] {
  const user = input.mounts.map(userMount);
  const taken = new Set(user.map(({ destination }) => destination));
  const isFree = ({ destination }: RuntimeMount) => !taken.has(destination);
  const below = [...user, ...generatedFiles(input).filter(isFree), ...sharedMemory(input).filter(isFree)];
  return [
    ...defaultMounts(input, taken, options.writableCgroups),
    ...initMount(input),
    ...below.sort((a, b) => depthOf(a) - depthOf(b)), // stable: the user's order among equals
  ];
}

function depthOf({ destination }: RuntimeMount): number {
  return destination.split("/").filter((part) => part !== "").length;
}

/**
 * A container's mounts are cut off from the host's unless one of them is to see or show changes: then the whole must be
 * left connected that far.
 * @returns undefined for cut off, which is what runtimes do when nothing is said
 */
export function rootPropagation(mounts: readonly SpecMount[]): "shared" | "rslave" | undefined {
  const asked = new Set(mounts.map(({ propagation }) => propagation.replace(/^r/, "")));
  if (asked.has("shared")) return "shared";
  return asked.has("slave") ? "rslave" : undefined;
}

// ── defaults ────────────────────────────────────────────────────────────────

function defaultMounts(
  input: SpecInput,
  taken: ReadonlySet<string>,
  writableCgroups: boolean,
): RuntimeMount[] {
  const { Privileged: privileged } = input.hostConfig;
  const isReplaced = (path: string) =>
    taken.has(path) ||
    (path.startsWith("/dev/") && taken.has("/dev")) ||
    (path === SHM_PATH && !hasOwnShm(input));
  return DEFAULT_MOUNTS.filter(({ destination }) => !isReplaced(destination)).map((mount) => {
    if (mount.destination === SHM_PATH) return withOption(mount, `size=${shmSize(input)}`);
    const isWritable =
      (mount.destination === "/sys" && privileged) ||
      (mount.destination === "/sys/fs/cgroup" && writableCgroups);
    return isWritable ? withoutOption(mount, "ro") : { ...mount, options: [...(mount.options ?? [])] };
  });
}

function hasOwnShm({ hostConfig, namespaces, shmPath }: SpecInput): boolean {
  return hostConfig.IpcMode !== "none" && namespaces.ipc === "private" && shmPath === undefined;
}

function shmSize({ hostConfig }: SpecInput): number {
  return hostConfig.ShmSize || SHM_SIZE_BYTES;
}

function withOption(mount: RuntimeMount, option: string): RuntimeMount {
  return { ...mount, options: [...(mount.options ?? []), option] };
}

function withoutOption(mount: RuntimeMount, option: string): RuntimeMount {
  return { ...mount, options: (mount.options ?? []).filter((present) => present !== option) };
}

/** The host's shared memory with its IPC namespace, or a directory others bind too. */
function sharedMemory({ hostConfig, namespaces, shmPath }: SpecInput): RuntimeMount[] {
  if (hostConfig.IpcMode === "none") return [];
  const source = shmPath ?? (namespaces.ipc === "host" ? SHM_PATH : undefined);
  return source === undefined ? [] : [bind(source, SHM_PATH, ["rbind", "rprivate"])];
}

function generatedFiles({ files, hostConfig }: SpecInput): RuntimeMount[] {
  const options = hostConfig.ReadonlyRootfs ? ["rbind", "ro", "rprivate"] : ["rbind", "rprivate"];
  const sources: readonly (readonly [string, string | undefined])[] = [
    ["/etc/resolv.conf", files.resolvConf],
    ["/etc/hostname", files.hostname],
    ["/etc/hosts", files.hosts],
  ];
  return sources.flatMap(([destination, source]) =>
    source === undefined ? [] : [bind(source, destination, options)],
  );
}

function initMount(input: SpecInput): RuntimeMount[] {
  const program = initOf(input);
  return program === undefined ? [] : [bind(program, INIT_PATH, ["bind", "ro"])];
}

function bind(source: string, destination: string, options: string[]): RuntimeMount {
  return { destination, type: "bind", source, options };
}

// ── the user's ──────────────────────────────────────────────────────────────

const PROPAGATIONS = new Set(["private", "rprivate", "shared", "rshared", "slave", "rslave"]);

function userMount(mount: SpecMount): RuntimeMount {
  const destination = posix.normalize(mount.destination).replace(/(?<=.)\/$/, "");
  if (!destination.startsWith("/")) throw invalidTarget(mount, "mount path must be absolute");
  if (destination === "/") throw invalidTarget(mount, "destination can't be '/'");
  return mount.type === "tmpfs" ? tmpfsMount(mount, destination) : bindMount(mount, destination);
}

function invalidTarget({ type, destination }: SpecMount, reason: string): InvalidArgument {
  return new InvalidArgument(
    `invalid mount config for type "${type}": invalid mount path: '${destination}' ${reason}`,
  );
}

function bindMount(mount: SpecMount, destination: string): RuntimeMount {
  const propagation = mount.propagation || "rprivate";
  if (!PROPAGATIONS.has(propagation)) throw new InvalidArgument(`invalid propagation mode: ${propagation}`);
  const recursive = mount.recursive ?? true;
  const readOnly = recursive && !mount.writableBelow ? "rro" : "ro";
  return bind(mount.source, destination, [
    recursive ? "rbind" : "bind",
    ...(mount.readOnly ? [readOnly] : []),
    ...(mount.restrictions ?? []).filter((flag) => flag !== "ro" || !mount.readOnly),
    propagation,
  ]);
}

/** Options that exclude each other: of each pair the last one given counts. */
const OPPOSITES: readonly (readonly [string, string])[] = [
  ["noexec", "exec"],
  ["nosuid", "suid"],
  ["nodev", "dev"],
  ["rw", "ro"],
];

function tmpfsMount(mount: SpecMount, destination: string): RuntimeMount {
  const asked = [...(mount.tmpfsOptions ?? []), ...(mount.readOnly ? ["ro"] : [])];
  const options = [...["noexec", "nosuid", "nodev", "rprivate"], ...asked].reduce<string[]>(
    lastOneCounts,
    [],
  );
  return { destination, type: "tmpfs", source: "tmpfs", options };
}

function lastOneCounts(options: string[], option: string): string[] {
  const pair = OPPOSITES.find((opposites) => opposites.includes(option)) ?? [option];
  const name = option.includes("=") ? option.slice(0, option.indexOf("=") + 1) : undefined;
  const others = options.filter((present) => !pair.includes(present) && !(name && present.startsWith(name)));
  return [...others, option];
}
