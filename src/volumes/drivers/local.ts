import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Conflict, Internal, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { newId } from "#base/ids.ts";
import type { Mounts } from "#kernel/types.ts";
import { checkLocalOptions, type LocalMount, localMount, withServerAddress } from "../local-options.ts";
import type { VolumeRecord } from "../types.ts";
import { treeSizeBytes } from "./tree-size.ts";

export interface LocalDriverDeps {
  /** Parent of all volumes. */
  readonly directory: string;
  readonly mounts: Pick<Mounts, "mount" | "bind" | "unmount" | "isMountPoint" | "list">;
  /** First address of a host name, as the host resolves it. */
  readonly resolve: (name: string) => string | undefined;
}

/** No volume has such a name. */
const REMOVED = ".removed-";

type Volume = Pick<VolumeRecord, "name" | "options">;

/** Volumes that are directories of this host, or anything mount(2) can show in one. */
export class LocalDriver {
  readonly #deps: LocalDriverDeps;

  constructor(deps: LocalDriverDeps) {
    this.#deps = deps;
  }

  mountpoint(name: string): string {
    return join(this.#directoryOf(name), "_data");
  }

  /** @throws InvalidArgument naming the option */
  check({ name, options }: Volume): void {
    checkLocalOptions(name, options);
  }

  create({ name }: Volume): void {
    mkdirSync(this.#directoryOf(name), { recursive: true, mode: 0o701 });
    mkdirSync(this.mountpoint(name), { recursive: true, mode: 0o755 });
  }

  /** Shows the volume's files at its mountpoint; a plain directory does so always. */
  mount(volume: Volume): void {
    this.create(volume);
    const mount = localMount(volume.options);
    const target = this.mountpoint(volume.name);
    if (!mount || this.#deps.mounts.isMountPoint(target)) return;
    try {
      this.#mountAt(target, this.#resolved(mount));
    } catch (error) {
      throw new Internal(
        `error while mounting volume '${target}': failed to mount local volume: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  unmount({ name, options }: Volume): void {
    if (localMount(options)) this.#deps.mounts.unmount(this.mountpoint(name));
  }

  /**
   * Takes a volume's directory out of sight, at once and wholly.
   * @returns where it is now, for `purge`
   * @throws Conflict when something is mounted in it, whose files are not ours to delete
   */
  withdraw(volume: Volume): string {
    this.unmount(volume);
    const directory = this.#directoryOf(volume.name);
    const mounted = this.#deps.mounts.list().find(({ target }) => target.startsWith(`${directory}/`));
    if (mounted) throw new Conflict(`remove ${volume.name}: something is mounted at ${mounted.target}`);
    const removed = join(this.#deps.directory, `${REMOVED}${newId()}`);
    try {
      renameSync(directory, removed);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
    return removed;
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

  #mountAt(target: string, { source, fsType, flags, data }: LocalMount): void {
    const { mounts } = this.#deps;
    if (flags.includes("bind") || flags.includes("rbind")) {
      mounts.bind(source, target, { recursive: flags.includes("rbind"), readOnly: flags.includes("ro") });
      return;
    }
    mounts.mount(source, target, fsType, { flags, ...(data === "" ? {} : { data }) });
  }

  /** The kernel does not know names of file servers. */
  #resolved(mount: LocalMount): LocalMount {
    if (mount.serverName === undefined) return mount;
    const address = this.#deps.resolve(mount.serverName);
    if (address === undefined) throw new Error(`cannot resolve ${mount.serverName}`);
    return withServerAddress(mount, address);
  }
}

/** The real `resolve`: asks the host's own resolver. */
export function resolveOnHost(name: string): string | undefined {
  const result = Bun.spawnSync(["getent", "ahosts", name], { stdin: "ignore" });
  return result.stdout.toString().split(/\s/, 1)[0] || undefined;
}
