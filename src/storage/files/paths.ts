/** Paths into a container as `docker cp` reads them: what a trailing "/" or "/." asks for is kept. */
import { posix } from "node:path";

export interface AskedPath {
  /** Absolute, ends in "/". Links in it are followed. */
  readonly directory: string;
  /** Not followed when it is a link; "" where the directory itself is meant. */
  readonly name: string;
  /** What the file is called in archives: the last part as it was asked for, "." and "/" included. */
  readonly shownName: string;
}

/** ".." is taken away as text, before any link is followed. @see moby's Container.ResolvePath */
export function parseAskedPath(path: string): AskedPath {
  const clean = posix.resolve("/", path); // without a trailing slash, unless it is the root
  const parts = path.split("/");
  const last = parts.at(-1)!;
  const isItself = last === "." || last === "";
  if (!isItself && clean !== "/")
    return { directory: directoryOf(clean), name: posix.basename(clean), shownName: posix.basename(clean) };
  const directory = clean === "/" ? "/" : `${clean}/`;
  const isDot = last === ".";
  return { directory, name: "", shownName: isDot ? "." : clean === "/" ? "/" : posix.basename(clean) };
}

function directoryOf(clean: string): string {
  return clean.slice(0, clean.lastIndexOf("/") + 1);
}

/** The name of something below an archive's first entry. */
export function joinShown(shownName: string, below: string): string {
  if (below === "") return shownName;
  return shownName === "/" ? `/${below}` : `${shownName}/${below}`;
}
