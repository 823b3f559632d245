import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Conflict, Internal, InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { newId } from "#base/ids.ts";
import { run } from "#base/spawn.ts";
import { parseBytes } from "#base/units.ts";
import { SysError } from "#kernel/ffi/errno.ts";
import { flagBits } from "#kernel/mount/mounts.ts";
import type { Mounts } from "#kernel/types.ts";
import { checkLocalOptions, type LocalMount, localMount, withServerAddress } from "../local-options.ts";
import type { VolumeDriver, VolumeQuota, VolumeRecord } from "../types.ts";
import { treeSizeBytes } from "./tree-size.ts";

export interface LocalDriverDeps {
  /** Parent of all volumes. */
  readonly directory: string;
  readonly mounts: Pick<Mounts, "mount" | "bind" | "setPropagation" | "unmount" | "isMountPoint" | "list">;
  /** First address of a host name, as the host resolves it. */
  readonly resolve: (name: string) => Promise<string | undefined>;
  readonly quotas: Quotas;
}

/** Bounds on directories, where the file system keeps them. */
export interface Quotas {
  isKept(directory: string): boolean;
  /** A number that no other volume has. */
  newProject(): number;
  /** @param directory empty */
  limit(directory: string, project: number, sizeBytes: number): void;
}

/** No volume has such a name. */
const REMOVED = ".removed-";

type Volume = Pick<VolumeRecord, "name" | "options" | "quota">;

/** Volumes that are directories of this host, or anything mount(2) can show in one. */
export class LocalDriver implements VolumeDriver {
  readonly #deps: LocalDriverDeps;

  constructor(deps: LocalDriverDeps) {
    this.#deps = deps;
  }

  mountpoint(name: string): string {
    return join(this.#directoryOf(name), "_data");
  }

  /** @throws InvalidArgument naming the option */
  check({ name, options }: Volume): { readonly quota?: VolumeQuota } {
    checkLocalOptions(name, options);
    if (options.size === undefined) return {};
    const sizeBytes = parseBytes(options.size);
    mkdirSync(this.#deps.directory, { recursive: true, mode: 0o701 });
    if (!this.#deps.quotas.isKept(this.#deps.directory))
      throw new InvalidArgument(`create ${name}: quota size requested but no quota support`, {
        hint: "the data root must be on ext4 or xfs mounted with prjquota",
      });
    return sizeBytes > 0 ? { quota: { sizeBytes, project: this.#deps.quotas.newProject() } } : {};
  }

  async create(volume: Volume): Promise<void> {
    this.#makeDirectory(volume);
  }

  #makeDirectory({ name, quota }: Volume): void {
    const directory = this.#directoryOf(name);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o701 });
      mkdirSync(this.mountpoint(name), { recursive: true, mode: 0o755 });
    } catch (cause) {
      const reason = isErrno(cause, "ENAMETOOLONG") ? "file name too long" : messageOf(cause);
      const what = `error while creating volume root path '${directory}'`;
      throw new Internal(`create ${name}: ${what}: mkdir ${directory}: ${reason}`, { cause });
    }
    if (quota) this.#deps.quotas.limit(this.mountpoint(name), quota.project, quota.sizeBytes);
  }

  mounts({ options }: Volume): boolean {
    return localMount(options) !== undefined;
  }

  /** Shows the volume's files at its mountpoint; a plain directory does so always. */
  async mount(volume: Volume): Promise<string> {
    const target = this.mountpoint(volume.name);
    if (!existsSync(target)) this.#makeDirectory(volume);
    const mount = localMount(volume.options);
    if (!mount || this.#deps.mounts.isMountPoint(target)) return target;
    const what = `error while mounting volume '${target}'`;
    const resolved = await this.#resolved(mount, what);
    try {
      this.#mountAt(target, resolved);
    } catch (error) {
      throw new Internal(`${what}: failed to mount local volume: ${mountFailure(resolved, target, error)}`, {
        cause: error,
        hint: missingFileSystem(resolved, error),
      });
    }
    return target;
  }

  async unmount({ name, options }: Volume, { isLast }: { readonly isLast: boolean }): Promise<void> {
    if (isLast && localMount(options)) this.#deps.mounts.unmount(this.mountpoint(name));
  }

  /**
   * Its directory goes out of sight at once and wholly, its files after that.
   * @throws Conflict when something is mounted in it, whose files are not ours to delete
   */
  async remove(volume: Volume): Promise<void> {
    if (localMount(volume.options)) this.#deps.mounts.unmount(this.mountpoint(volume.name));
    this.checkMove(volume);
    const removed = join(this.#deps.directory, `${REMOVED}${newId()}`);
    try {
      renameSync(this.#directoryOf(volume.name), removed);
    } catch (error) {
      // A name too long for a file is none of a file that is there.
      if (isErrno(error, "ENOENT") || isErrno(error, "ENAMETOOLONG")) return;
      throw error;
    }
    await this.purge(removed);
  }

  /** @throws Conflict when something is mounted in the volume's directory */
  checkMove({ name }: Pick<Volume, "name">): void {
    const directory = this.#directoryOf(name);
    const mounted = this.#deps.mounts.list().find(({ target }) => target.startsWith(`${directory}/`));
    if (mounted) throw new Conflict(`remove ${name}: something is mounted at ${mounted.target}`);
  }

  /** Gives a volume's directory another name. */
  move(name: string, to: string): void {
    renameSync(this.#directoryOf(name), this.#directoryOf(to));
  }

  /** Deletes what was withdrawn; gone already counts as done. */
  async purge(removed: string): Promise<void> {
    await rm(removed, { recursive: true, force: true });
  }

  /** What was withdrawn and not purged, as after a crash. */
  withdrawn(): string[] {
    const names = this.#names().filter((name) => name.startsWith(REMOVED));
    return names.map((name) => join(this.#deps.directory, name));
  }

  /** Names of all volumes that have a directory. */
  stored(): string[] {
    return this.#names().filter((name) => /^[a-zA-Z0-9]/.test(name));
  }

  async sizeBytes({ name }: Volume): Promise<number> {
    return await treeSizeBytes(this.mountpoint(name));
  }

  #directoryOf(name: string): string {
    return join(this.#deps.directory, name);
  }

  #names(): string[] {
    try {
      const entries = readdirSync(this.#deps.directory, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    }
  }

  #mountAt(target: string, { source, fsType, flags, data, propagation }: LocalMount): void {
    const { mounts } = this.#deps;
    if (flags.includes("bind") || flags.includes("rbind"))
      mounts.bind(source, target, {
        recursive: flags.includes("rbind"),
        readOnly: flags.includes("ro"),
        flags,
      });
    else mounts.mount(source, target, fsType, { flags, ...(data === "" ? {} : { data }) });
    if (propagation !== undefined) mounts.setPropagation(target, propagation);
  }

  /** The kernel does not know names of file servers. */
  async #resolved(mount: LocalMount, what: string): Promise<LocalMount> {
    if (mount.serverName === undefined) return mount;
    const address = await this.#deps.resolve(mount.serverName);
    if (address === undefined)
      throw new Internal(
        `${what}: error resolving passed in network volume address: lookup ${mount.serverName}: no such host`,
      );
    return withServerAddress(mount, address);
  }
}

/** As Docker says it: what was asked for, then the kernel's word. */
/** What is after it in the options of cifs is nobody's business. */
const PASSWORD = /\b(password2?)=[^,]*/g;

function missingFileSystem({ fsType }: LocalMount, error: unknown): string | undefined {
  if (!isErrno(error, "ENODEV") || fsType === "") return undefined;
  return `the kernel has no file system "${fsType}": load it with 'modprobe ${fsType}', or check the volume's option 'type'`;
}

function mountFailure({ source, flags, data }: LocalMount, target: string, error: unknown): string {
  const bits = flagBits(flags);
  const asked = [
    `mount ${source}:${target}`,
    ...(bits === 0 ? [] : [`flags: 0x${bits.toString(16)}`]),
    ...(data === "" ? [] : [`data: ${data.replace(PASSWORD, "$1=********")}`]),
  ].join(", ");
  return `${asked}: ${error instanceof SysError ? error.reason : messageOf(error)}`;
}

/** The real `resolve`: asks the host's own resolver, which may take as long as its servers do. */
export async function resolveOnHost(name: string): Promise<string | undefined> {
  const { stdout } = await run(["getent", "ahosts", name]);
  return stdout.split(/\s/, 1)[0] || undefined;
}
