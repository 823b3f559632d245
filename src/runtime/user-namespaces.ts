import { chmodSync, chownSync, mkdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Unavailable } from "#base/errors.ts";
import { isErrno, namesIn } from "#base/fs.ts";
import type { IdMapping, Kernel } from "#kernel/types.ts";

/** Ids of containers and of the host. */
export interface IdMappings {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

export interface UserNamespaceOptions {
  readonly kernel: Pick<Kernel, "userns" | "mounts">;
  readonly dataRoot: string;
  readonly execRoot: string;
  /** Where the network layer looks for a container's namespace. */
  readonly netnsDirectory: string;
  /** undefined: containers use the host's ids. */
  readonly mappings: IdMappings | undefined;
}

/**
 * User namespaces of containers, each pinned under its container's id, and the data root seen with their ids.
 *
 * Files on disk keep the ids they have in images. One mount of the whole data root, with all ids shifted, stands beside
 * it: a container's root and volumes are taken from there. So images are unpacked once, whoever uses them, and changing or
 * ending the remapping needs no new download.
 */
export class ContainerUserNamespaces {
  readonly mappings: IdMappings | undefined;
  readonly #options: UserNamespaceOptions;
  readonly #directory: string;
  /** Only root may pass: to a process that got out of its container the shifted files would be its own. */
  readonly #shiftedHome: string;
  readonly #shiftedRoot: string;
  /** Where layers that are mounts of their own stand while a root is put together from them. */
  readonly #shiftedLayers: string;
  /** A namespace without processes, whose ids mounts are shifted to. */
  readonly #pattern: string;

  constructor(options: UserNamespaceOptions) {
    this.mappings = options.mappings;
    this.#options = options;
    this.#directory = join(options.execRoot, "userns");
    this.#shiftedHome = join(options.execRoot, "shifted");
    this.#shiftedRoot = join(this.#shiftedHome, "data");
    this.#shiftedLayers = join(this.#shiftedHome, "layers");
    this.#pattern = join(this.#shiftedHome, "ids");
  }

  /** Host ids of containers' root. */
  get root(): { readonly uid: number; readonly gid: number } {
    const hostOf = (mappings: readonly IdMapping[] | undefined) => mappings?.[0]?.hostId ?? 0;
    return { uid: hostOf(this.mappings?.uids), gid: hostOf(this.mappings?.gids) };
  }

  /** Mounts the shifted view anew: the last daemon's may show other ids. @throws Unavailable with the reason */
  async prepare(): Promise<void> {
    const { kernel, dataRoot } = this.#options;
    kernel.mounts.unmount(this.#shiftedRoot);
    this.#takeDownLayers();
    kernel.userns.remove(this.#pattern);
    if (!this.mappings) return removeIfThere(this.#shiftedRoot);
    mkdirSync(this.#shiftedHome, { recursive: true, mode: 0o700 });
    await kernel.userns.create({ path: this.#pattern, ...this.mappings });
    mkdirSync(this.#shiftedRoot, { recursive: true });
    try {
      kernel.mounts.bind(dataRoot, this.#shiftedRoot, { idsOf: this.#pattern });
    } catch (cause) {
      throw new Unavailable(
        `userns-remap: the file system of ${dataRoot} cannot be mounted with shifted ids: ${(cause as Error).message}`,
        { cause, hint: "ext4, xfs and btrfs can from Linux 5.19 on, tmpfs from 6.3" },
      );
    }
  }

  /**
   * Makes a container's namespace, and the network namespace it owns unless it joins one.
   * @param donor path of another container's namespace to live in
   * @returns its path
   */
  async open(
    id: string,
    options: { readonly ownNetwork: boolean; readonly donor?: string },
  ): Promise<string> {
    const path = options.donor ?? this.pathOf(id);
    const networkPath = options.ownNetwork ? join(this.#options.netnsDirectory, id) : undefined;
    if (options.donor === undefined || networkPath !== undefined)
      await this.#options.kernel.userns.create({
        path,
        ...(options.donor === undefined ? {} : { isThere: true as const }),
        ...(networkPath === undefined ? {} : { networkPath }),
        uids: this.mappings?.uids ?? [],
        gids: this.mappings?.gids ?? [],
      });
    return path;
  }

  pathOf(id: string): string {
    return join(this.#directory, id);
  }

  /** Gone already counts as done. */
  close(id: string): void {
    this.#options.kernel.userns.remove(this.pathOf(id));
  }

  /** The same file with shifted ids; files outside of the data root, and what is mounted below it, are as they are. */
  shifted(path: string): string {
    const { dataRoot, kernel } = this.#options;
    if (!this.mappings || !path.startsWith(`${dataRoot}/`)) return path;
    for (let at = path; at !== dataRoot; at = dirname(at)) if (kernel.mounts.isMountPoint(at)) return path;
    return this.#shiftedRoot + path.slice(dataRoot.length);
  }

  /**
   * Shows directories of the data root with shifted ids while `work` mounts something of them, also those that are
   * mounts of their own, such as images of layers: overlayfs keeps what it was mounted from. All of it happens within
   * this call, so that no layer is held longer than the containers that use it.
   */
  withShifted<T>(paths: readonly string[], work: (shifted: (path: string) => string) => T): T {
    const { mounts } = this.#options.kernel;
    const seen = new Map(paths.map((path) => [path, this.shifted(path)]));
    const own = paths.filter((path) => seen.get(path) === path);
    try {
      for (const [index, path] of own.entries()) {
        const place = join(this.#shiftedLayers, String(index));
        mkdirSync(place, { recursive: true });
        mounts.bind(path, place, { idsOf: this.#pattern });
        seen.set(path, place);
      }
      return work((path) => seen.get(path)!);
    } finally {
      if (own.length > 0) this.#takeDownLayers();
    }
  }

  #takeDownLayers(): void {
    for (const name of namesIn(this.#shiftedLayers)) {
      const place = join(this.#shiftedLayers, name);
      this.#options.kernel.mounts.unmount(place);
      rmdirSync(place);
    }
  }

  /** Lets containers' root, and no other user, pass through a directory on the way to its files. */
  letThrough(directory: string): void {
    if (!this.mappings) return;
    mkdirSync(directory, { recursive: true });
    chownSync(directory, 0, this.root.gid);
    chmodSync(directory, 0o710);
  }
}

function removeIfThere(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
