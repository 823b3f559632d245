import { SysError } from "../ffi/errno.ts";
import { close } from "../files/at.ts";
import { readSmallFile } from "../files/small.ts";
import { createMount } from "../mount/mount-api.ts";
import { flagBits, listMounts, mount } from "../mount/mounts.ts";
import type { MountEntry, MountFlag } from "../types.ts";
import type { CgroupLayout } from "./layout.ts";

const OPTION = "favordynmods";
/** Our named v1 hierarchy: it has no controllers and no groups, only the option. */
const NAME = "wharf-favordynmods";

/**
 * Moving a process into a group waits for all CPUs to pass a quiet state, some 10 ms, unless a hierarchy was mounted
 * with favordynmods (Linux 6.0 on), which is meant for hosts that move processes often. It costs every fork a lock.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#mounting
 */
export class FavorDynMods implements Disposable {
  readonly #layout: CgroupLayout;
  readonly #mounts: readonly MountEntry[];
  /** Our hierarchy lives as long as this descriptor: an unattached mount, in nobody's way. */
  #mountFd: number | undefined;
  #isOn: boolean;

  /** @param mounts as they are when the engine starts */
  constructor(layout: CgroupLayout, mounts: readonly MountEntry[]) {
    this.#layout = layout;
    this.#mounts = mounts;
    this.#isOn = isMountedSomewhere(mounts);
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** A kernel or a container that does not allow it is merely slower. */
  enable(): void {
    if (this.#isOn) return;
    try {
      if (this.#layout.mode === "v2") this.#remount();
      else this.#mountFd = createMount("cgroup", NAME, [["none"], ["name", NAME], [OPTION]]);
      this.#isOn = this.#mountFd !== undefined || isMountedSomewhere(listMounts());
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
  }

  #remount(): void {
    const { root } = this.#layout.primary;
    const present = this.#mounts.find(({ target }) => target === root);
    if (!present) return;
    const { flags, data } = remountOptions(present);
    mount("", root, "", flagBits(["remount", ...flags]), data);
  }

  [Symbol.dispose](): void {
    if (this.#mountFd !== undefined) close(this.#mountFd);
    this.#mountFd = undefined;
  }
}

/** cgroup2 takes a remount's options for all it shall have, so the present ones are repeated. */
export function remountOptions(present: MountEntry): { readonly flags: MountFlag[]; readonly data: string } {
  const options = present.superOptions.filter((option) => option !== "rw" && option !== "ro");
  return {
    flags: present.options.filter((option): option is MountFlag => KEPT_FLAGS.has(option)),
    data: [...options, OPTION].join(","),
  };
}

const KEPT_FLAGS: ReadonlySet<string> = new Set(["ro", "nosuid", "nodev", "noexec", "noatime", "relatime"]);

/** By a mount we see, or by the hierarchy another engine of ours holds. */
function isMountedSomewhere(mounts: readonly MountEntry[]): boolean {
  const groups = mounts.filter(({ fsType }) => fsType === "cgroup" || fsType === "cgroup2");
  if (groups.some(({ superOptions }) => superOptions.includes(OPTION))) return true;
  return readSmallFile("/proc/self/cgroup")?.includes(`:name=${NAME}:`) ?? false;
}
