/**
 * Names of Compose files that are not on this machine: `oci://registry/name:tag`, or a git repository with a branch, tag or
 * commit and a path in it, `https://host/name.git#ref:path`. Pure.
 */
import { InvalidArgument } from "#base/errors.ts";

/** Brings the file here. @returns its absolute path */
export type FetchRemote = (reference: string) => Promise<string>;

const OCI = "oci://";
const GIT = /^(?:https?|git|ssh):\/\/|^[\w.-]+@[\w.-]+:|^github\.com\//;

export function isRemote(path: string): boolean {
  return path.startsWith(OCI) || GIT.test(path);
}

/** The image-like name of an artifact; undefined for a git repository. */
export function artifactName(path: string): string | undefined {
  return path.startsWith(OCI) ? path.slice(OCI.length) : undefined;
}

export interface GitReference {
  readonly url: string;
  /** A branch, a tag or a commit; "HEAD": what the repository begins with. */
  readonly ref: string;
  /** Of a file or a directory in the repository, without "." and ".."; "": its top. */
  readonly path: string;
}

/** Neither a flag for git, nor a way out of where it stands. */
const REF = /^[A-Za-z0-9][\w./+@-]*$/;
const HOST = /^(?:[a-z]+:\/\/)?(?:[^/@]*@)?([^/:]*)/;

/** @throws InvalidArgument for what is no repository, and for what could be a flag or lead out of the repository */
export function parseGitReference(text: string): GitReference {
  const [place = "", fragment = ""] = splitOnce(text, "#");
  const [ref = "", path = ""] = splitOnce(fragment, ":");
  const isWeb = /^https?:\/\//.test(place);
  if (isWeb && !/\.git\/?$/.test(place) && fragment === "")
    throw new InvalidArgument(`compose file ${text} is neither an OCI artifact nor a git repository`, {
      hint: "Write https://HOST/NAME.git#REF:PATH for a repository, oci://HOST/NAME:TAG for an artifact",
    });
  const host = HOST.exec(place)?.[1] ?? "";
  if (host === "" || host.startsWith("-") || /[\s\0]/.test(place))
    throw new InvalidArgument(`compose file ${text}: ${JSON.stringify(host)} is no host`);
  if (ref !== "" && (!REF.test(ref) || ref.includes("..")))
    throw new InvalidArgument(`compose file ${text}: ${JSON.stringify(ref)} is no branch, tag or commit`);
  return {
    url: place.startsWith("github.com/") ? githubUrl(place) : place,
    ref: ref || "HEAD",
    path: innerPath(text, path),
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function githubUrl(place: string): string {
  return `https://${place.replace(/\/$/, "").replace(/\.git$/, "")}.git`;
}

function innerPath(text: string, path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || path.startsWith("/") || /[\\\0]/.test(path))
    throw new InvalidArgument(
      `compose file ${text}: the path ${JSON.stringify(path)} leads out of the repository`,
      {
        hint: "Name a path below the repository's top",
      },
    );
  return parts.join("/");
}

/** The line of `git ls-remote` that a name means: a branch before a tag. @returns the commit, or the tag's object */
export function commitOf(lines: string, ref: string): string | undefined {
  const known = new Map<string, string>();
  for (const line of lines.split("\n")) {
    const [commit = "", name = ""] = line.split("\t");
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) known.set(name, commit);
  }
  return known.get(ref) ?? known.get(`refs/heads/${ref}`) ?? known.get(`refs/tags/${ref}`);
}

export function isCommit(ref: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
}
