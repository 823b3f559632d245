import { existsSync } from "node:fs";
import { isErrno } from "#base/fs.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { readSmallFile, writeSmallFile } from "../files/small.ts";
import type { CgroupLimits, CgroupStats, Cgroups, HeldLimits, LimitKind } from "../types.ts";
import type { FavorDynMods } from "./favor-dynmods.ts";
import { freeze, isFrozen, thaw } from "./freezer.ts";
import { childrenOf, createGroup, processesOf, removeGroup } from "./groups.ts";
import { heldLimits } from "./held-limits.ts";
import { hugePageFiles } from "./huge-pages.ts";
import { type CgroupLayout, checkGroupPath, hierarchyOf } from "./layout.ts";
import { type CgroupWrite, CURRENT_FILES, planLimits } from "./limits.ts";
import { OpenGroups } from "./open-groups.ts";
import type { ReadGroupFile } from "./stats-parse.ts";
import { cpuV1, statsV1 } from "./stats-v1.ts";
import { cpuV2, statsV2 } from "./stats-v2.ts";
import { supportedLimits } from "./support.ts";
import { unitProperties } from "./unit-properties.ts";

/** Control groups of either version; `layout` tells where a group's files are. */
export function createCgroups(layout: CgroupLayout, favorDynMods: Pick<FavorDynMods, "enable">): Cgroups {
  return new MountedCgroups(layout, favorDynMods);
}

class MountedCgroups implements Cgroups {
  readonly #layout: CgroupLayout;
  readonly #favorDynMods: Pick<FavorDynMods, "enable">;
  readonly #open = new OpenGroups();

  constructor(layout: CgroupLayout, favorDynMods: Pick<FavorDynMods, "enable">) {
    this.#layout = layout;
    this.#favorDynMods = favorDynMods;
  }

  prepareParent(path: string): void {
    checkGroupPath(path);
    this.#favorDynMods.enable();
    const { hierarchies, primary } = this.#layout;
    for (const hierarchy of hierarchies) {
      // Named ones, and a hybrid host's cgroup2 tree, limit nothing: runtimes make what they need there.
      const limits = hierarchy.version === primary.version && hierarchy.controllers.length > 0;
      if (limits || hierarchy === primary) createGroup(hierarchy, path);
    }
  }

  remove(path: string): void {
    checkGroupPath(path);
    this.#open.close(path);
    for (const { root } of this.#layout.hierarchies) removeGroup(root + path);
  }

  exists(path: string): boolean {
    return existsSync(this.#directory(path));
  }

  children(path: string): string[] {
    return childrenOf(this.#directory(path));
  }

  setLimits(path: string, limits: CgroupLimits): void {
    const version = this.#layout.primary.version;
    const decisive = [...CURRENT_FILES[version], ...hugePageFiles(version, limits)];
    const current = Object.fromEntries(decisive.map((file) => [file, this.#read(path, file)?.trim()]));
    this.#writeAll(path, planLimits(version, limits, current));
  }

  heldLimits(path: string): HeldLimits {
    if (!this.exists(path)) throw new SysError("limits", Errno.ENOENT, path);
    return heldLimits(this.#layout.primary.version, (file) => this.#read(path, file));
  }

  unitProperties(path: string): string[] {
    return unitProperties(this.#layout.primary.version, (file) => this.#read(path, file));
  }

  supportedLimits(path: string): ReadonlySet<LimitKind> {
    return supportedLimits(this.#layout.primary.version, (file) => {
      const name = this.#file(path, file);
      return name !== undefined && existsSync(name);
    });
  }

  /** All or none: what the kernel took before it refused one is put back. */
  #writeAll(path: string, writes: readonly CgroupWrite[]): void {
    const done: CgroupWrite[] = [];
    for (const write of writes) {
      const before = this.#read(path, write.file)?.trim();
      try {
        this.#write(path, write);
      } catch (error) {
        for (const earlier of done.toReversed()) this.#tryWrite(path, earlier);
        throw error;
      }
      // Several lines are one for each device, of which only the new one was written.
      if (before !== undefined && before !== "" && !before.includes("\n"))
        done.push({ file: write.file, value: before });
    }
  }

  #write(path: string, { file, value }: CgroupWrite): void {
    writeSmallFile(this.#file(path, file) ?? `${this.#directory(path)}/${file}`, value);
  }

  #tryWrite(path: string, write: CgroupWrite): void {
    try {
      this.#write(path, write);
    } catch {
      // The failure that made us go back is the one to tell of.
    }
  }

  stats(path: string): CgroupStats {
    const statsOf = this.#layout.primary.version === 2 ? statsV2 : statsV1;
    checkGroupPath(path);
    const read = this.#open.reader(path, (file) => this.#file(path, file));
    try {
      if (read) return statsOf(this.#orGone(path, read));
    } catch (error) {
      this.#open.close(path);
      if (!isErrno(error, "ENODEV")) throw error;
    }
    return statsOf(this.#reader(path)); // another group may have got the name
  }

  cpuStats(path: string): CgroupStats["cpu"] {
    const read = this.#reader(path);
    return this.#layout.primary.version === 2 ? cpuV2(read) : cpuV1(read);
  }

  oomCounters(path: string): string | undefined {
    return this.#file(path, this.#layout.primary.version === 2 ? "memory.events" : "memory.oom_control");
  }

  freeze(path: string): void {
    freeze(this.#layout.primary, this.#directory(path));
  }

  thaw(path: string): void {
    thaw(this.#layout.primary, this.#directory(path));
  }

  isFrozen(path: string): boolean {
    return isFrozen(this.#layout.primary, this.#directory(path));
  }

  pids(path: string): number[] {
    return processesOf(this.#directory(path));
  }

  #directory(path: string): string {
    checkGroupPath(path);
    return this.#layout.primary.root + path;
  }

  /** Undefined where no mounted hierarchy has the file's controller. */
  #file(path: string, file: string): string | undefined {
    checkGroupPath(path);
    const hierarchy = hierarchyOf(this.#layout, file);
    return hierarchy && `${hierarchy.root}${path}/${file}`;
  }

  /** For many files of one group. */
  #reader(path: string): ReadGroupFile {
    return this.#orGone(path, (file) => this.#read(path, file));
  }

  /** A file that is missing may mean that the group is gone. */
  #orGone(path: string, read: ReadGroupFile): ReadGroupFile {
    return (file) => {
      const text = read(file);
      if (text === undefined && !this.exists(path)) throw new SysError("stats", Errno.ENOENT, path);
      return text;
    };
  }

  #read(path: string, file: string): string | undefined {
    const name = this.#file(path, file);
    return name === undefined ? undefined : readSmallFile(name);
  }
}
