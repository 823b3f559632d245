/** Where an archive is unpacked, and what its first entry is called there: the rules of `docker cp`, without any file. */
import { posix } from "node:path";
import { CliError } from "../errors.ts";

export interface CopySource {
  /** A trailing "/" or "/." is kept. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** What its first entry is called where a link was followed and that changed the name. */
  readonly rebaseName?: string;
}

export interface CopyTarget {
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
}

export interface CopyPlan {
  /** Directory to unpack in. */
  readonly directory: string;
  /** The beginning of all names is replaced. */
  readonly rename?: { readonly from: string; readonly to: string };
}

/** @throws CliError where a directory would replace a file, or a file be put into a directory that is not there */
export function planCopy(source: CopySource, target: CopyTarget): CopyPlan {
  if (target.exists && target.isDirectory) return { directory: target.path };
  if (target.exists && source.isDirectory) throw new CliError("cannot copy directory");
  if (!target.exists && !source.isDirectory && assertsDirectory(target.path))
    throw new CliError("no such directory");
  const { directory, base } = splitEntry(target.path);
  return { directory, rename: { from: source.rebaseName ?? splitEntry(source.path).base, to: base } };
}

/** The directory a path is in and its last part; "." is a part. */
export function splitEntry(path: string): { readonly directory: string; readonly base: string } {
  const clean = withoutSlash(posix.normalize(path));
  const whole = specifiesItself(path) && !specifiesItself(clean) ? `${clean}/.` : clean;
  const slash = whole.lastIndexOf("/");
  if (whole === "/") return { directory: "/", base: "/" };
  return { directory: whole.slice(0, slash) || (slash < 0 ? "." : "/"), base: whole.slice(slash + 1) };
}

/** The name of an entry with its beginning replaced. */
export function renamed(name: string, { from, to }: NonNullable<CopyPlan["rename"]>): string {
  if (from === "/") return posix.join(to, name);
  return name === from || name.startsWith(`${from}/`) ? to + name.slice(from.length) : name;
}

/** A path made absolute, a trailing "/" or "/." kept. */
export function absolutePath(cwd: string, path: string): string {
  const clean = posix.resolve(cwd, path);
  if (specifiesItself(path)) return clean === "/" ? "/." : `${clean}/.`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}

export function assertsDirectory(path: string): boolean {
  return path.endsWith("/") || specifiesItself(path);
}

/**
 * The path a link led to, ending as the one that was asked for, and that one's name where the link changed it.
 * @param resolved without trailing slash
 */
export function followedPath(
  asked: string,
  resolved: string,
): { readonly path: string; readonly rebaseName?: string } {
  const path = specifiesItself(asked) ? `${resolved}/.` : asked.endsWith("/") ? `${resolved}/` : resolved;
  const name = posix.basename(asked);
  return name === posix.basename(path) ? { path } : { path, rebaseName: name };
}

function specifiesItself(path: string): boolean {
  return path === "." || path.endsWith("/.");
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
