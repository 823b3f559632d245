import { InvalidArgument } from "#base/errors.ts";
import type { IdmapChoice } from "./types.ts";

/** The third part of `-v SOURCE:TARGET:MODE`. */
export interface MountMode {
  readonly readOnly: boolean;
  /** Undefined: not given. */
  readonly propagation: string | undefined;
  readonly noCopy: boolean;
  /** Undefined: ids are as they are. */
  readonly idmap: IdmapChoice | undefined;
}

/** Words of which a mode may have one each. */
const KINDS = [
  ["ro", "rw"],
  ["z", "Z"],
  ["private", "rprivate", "slave", "rslave", "shared", "rshared"],
  ["nocopy"],
  ["consistent", "cached", "delegated"],
  ["idmap"],
] as const;
const PROPAGATIONS: readonly string[] = KINDS[2];

/** Whether the text could be a mode; an empty one is. */
export function isMountMode(text: string): boolean {
  if (text === "") return true;
  const words = text.split(",");
  const kinds = words.map((word) =>
    KINDS.findIndex((kind) => (kind as readonly string[]).includes(kindOf(word))),
  );
  return !kinds.includes(-1) && new Set(kinds).size === kinds.length;
}

/** "idmap" and "idmap=1000-1000" are one word for us. */
function kindOf(word: string): string {
  return IDMAP.test(word) ? "idmap" : word;
}

const IDMAP = /^idmap(=.*)?$/;

/**
 * @param text "owner" of the source, or "UID-GID" of the host
 * @throws InvalidArgument
 */
export function parseIdmap(text: string): IdmapChoice {
  if (text === "owner") return "owner";
  const [, uid, gid] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  if (uid === undefined || gid === undefined || Number(uid) > ID_MAX || Number(gid) > ID_MAX)
    throw new InvalidArgument(`invalid idmap: ${text}: expected "owner" or UID-GID`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** The last two ids of 32 bits mean "none" and "all". */
const ID_MAX = 0xffff_fffd;

/** @throws InvalidArgument "invalid mode: X" */
export function parseMountMode(text: string): MountMode {
  if (!isMountMode(text)) throw new InvalidArgument(`invalid mode: ${text}`);
  const words = text.split(",");
  return {
    readOnly: words.includes("ro"),
    propagation: words.find((word) => PROPAGATIONS.includes(word)),
    noCopy: words.includes("nocopy"),
    idmap: idmapOf(words.find((word) => IDMAP.test(word))),
  };
}

function idmapOf(word: string | undefined): IdmapChoice | undefined {
  if (word === undefined) return undefined;
  return word === "idmap" ? "owner" : parseIdmap(word.slice("idmap=".length));
}

export function isPropagation(text: string): boolean {
  return PROPAGATIONS.includes(text);
}
