import { InvalidArgument } from "#base/errors.ts";

/** The third part of `-v SOURCE:TARGET:MODE`. */
export interface MountMode {
  readonly readOnly: boolean;
  /** Undefined: not given. */
  readonly propagation: string | undefined;
  readonly noCopy: boolean;
}

/** Words of which a mode may have one each. */
const KINDS = [
  ["ro", "rw"],
  ["z", "Z"],
  ["private", "rprivate", "slave", "rslave", "shared", "rshared"],
  ["nocopy"],
  ["consistent", "cached", "delegated"],
] as const;
const PROPAGATIONS: readonly string[] = KINDS[2];

/** Whether the text could be a mode; an empty one is. */
export function isMountMode(text: string): boolean {
  if (text === "") return true;
  const words = text.split(",");
  const kinds = words.map((word) => KINDS.findIndex((kind) => (kind as readonly string[]).includes(word)));
  return !kinds.includes(-1) && new Set(kinds).size === kinds.length;
}

/** @throws InvalidArgument "invalid mode: X" */
export function parseMountMode(text: string): MountMode {
  if (!isMountMode(text)) throw new InvalidArgument(`invalid mode: ${text}`);
  const words = text.split(",");
  return {
    readOnly: words.includes("ro"),
    propagation: words.find((word) => PROPAGATIONS.includes(word)),
    noCopy: words.includes("nocopy"),
  };
}

export function isPropagation(text: string): boolean {
  return PROPAGATIONS.includes(text);
}
