import { isIP } from "node:net";
import { InvalidArgument } from "#base/errors.ts";
import type { MountFlag, Propagation } from "#kernel/types.ts";
import { isPropagation } from "./mount-mode.ts";

/** How the local driver mounts a volume that is more than a directory. */
export interface LocalMount {
  readonly source: string;
  readonly fsType: string;
  readonly flags: readonly MountFlag[];
  /** Of the mount once it is made. */
  readonly propagation?: Propagation;
  /** Options for the file system, separated by commas. */
  readonly data: string;
  /** Name of a file server the kernel wants as an address in `data`; undefined: none. */
  readonly serverName: string | undefined;
}

/** Options of the local driver, each with those it makes no sense without. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  size: [],
  type: ["device"],
  device: ["type"],
  o: ["device", "type"],
};

const FLAGS: readonly string[] = [
  "ro",
  "nosuid",
  "nodev",
  "noexec",
  "noatime",
  "relatime",
  "nodiratime",
  "strictatime",
  "sync",
  "dirsync",
  "mand",
  "bind",
  "rbind",
] satisfies MountFlag[];
/** What the kernel does unless told otherwise; it takes none of these words. */
const NO_OPTIONS = [
  ...["rw", "suid", "dev", "exec", "atime", "diratime", "norelatime", "nostrictatime"],
  ...["async", "nodirsync", "nomand", "defaults", ""],
];
const ADDRESS = "addr=";

/** @throws InvalidArgument with Docker's text, naming the volume */
export function checkLocalOptions(name: string, options: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(options)) {
    const needs = NEEDS[key];
    if (!needs) throw new InvalidArgument(`create ${name}: invalid option: "${key}"`);
    const missing = needs.find((other) => !options[other]);
    if (missing) throw new InvalidArgument(`create ${name}: missing required option: "${missing}"`);
  }
}

/** @returns undefined for a plain directory */
export function localMount(options: Readonly<Record<string, string>>): LocalMount | undefined {
  const { type, device, o = "" } = options;
  if (!type || !device) return undefined;
  const words = o.split(",");
  const data = words.filter(
    (word) => !FLAGS.includes(word) && !NO_OPTIONS.includes(word) && !isPropagation(word),
  );
  const server = data.find((word) => word.startsWith(ADDRESS))?.slice(ADDRESS.length);
  const propagation = words.findLast(isPropagation) as Propagation | undefined;
  return {
    source: device,
    fsType: type,
    ...(propagation === undefined ? {} : { propagation }),
    flags: words.filter((word): word is MountFlag => FLAGS.includes(word)),
    data: data.join(","),
    serverName: server && isIP(server) === 0 ? server : undefined,
  };
}

/** The same with the server's address in the place of its name. */
export function withServerAddress(mount: LocalMount, address: string): LocalMount {
  const data = mount.data.replace(`${ADDRESS}${mount.serverName}`, `${ADDRESS}${address}`);
  return { ...mount, data, serverName: undefined };
}
