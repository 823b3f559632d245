/** From "user:group" to numbers, by the image's own account files. */
import { InvalidArgument } from "#base/errors.ts";
import type { RuntimeUser } from "#spec/oci/runtime.ts";
import type { AccountFiles } from "./types.ts";

/** Ids are signed 32-bit numbers in too many places: a larger one must never wrap to root (CVE-2024-40635). */
const ID_MAX = 2 ** 31 - 1;
const OUT_OF_RANGE = `uids and gids must be in range 0-${ID_MAX}`;

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface ResolvedUser {
  readonly user: RuntimeUser;
  readonly home: string;
}

/**
 * @param spec "", "user", "uid", "user:group" in names or numbers
 * @param groupAdd further groups, names or numbers
 * @throws InvalidArgument for unknown names and numbers out of range
 */
export function resolveUser(spec: string, groupAdd: readonly string[], accounts: AccountFiles): ResolvedUser {
  const [userPart = "", groupPart = ""] = splitOnce(spec);
  const groups = parseGroup(accounts.group);
  const entry = findUser(userPart, accounts);
  const gid = groupPart === "" ? entry.gid : findGroup(groupPart, groups);
  const memberOf = groupPart === "" && entry.name !== "" ? groupsOf(entry.name, groups) : [];
  const added = groupAdd.map((name) => findAddedGroup(name, groups));
  const additionalGids = [...new Set([gid, ...memberOf, ...added])];
  return { user: { uid: entry.uid, gid, additionalGids }, home: entry.home || "/" };
}

function splitOnce(spec: string): [string, string] {
  const colon = spec.indexOf(":");
  return colon < 0 ? [spec, ""] : [spec.slice(0, colon), spec.slice(colon + 1)];
}

function findUser(wanted: string, accounts: AccountFiles): PasswdEntry {
  const text = wanted === "" ? "0" : wanted;
  const entries = parsePasswd(accounts.passwd);
  const number = parseId(text);
  const found = entries.find((entry) => entry.name === text) ?? entries.find((entry) => entry.uid === number);
  if (found) {
    if (found.uid > ID_MAX || found.gid > ID_MAX) throw new InvalidArgument(OUT_OF_RANGE);
    return found;
  }
  if (number === undefined)
    throw new InvalidArgument(`unable to find user ${text}: no matching entries in passwd file`);
  return { name: "", uid: number, gid: 0, home: "/" };
}

function findGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const number = parseId(wanted);
  const named = groups.find((entry) => entry.name === wanted)?.gid ?? number;
  if (named === undefined)
    throw new InvalidArgument(`unable to find group ${wanted}: no matching entries in group file`);
  if (named > ID_MAX) throw new InvalidArgument(OUT_OF_RANGE);
  return named;
}

function findAddedGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const isKnown = parseId(wanted) !== undefined || groups.some((entry) => entry.name === wanted);
  if (!isKnown) throw new InvalidArgument(`Unable to find group ${wanted}`);
  return findGroup(wanted, groups);
}

function groupsOf(user: string, groups: readonly GroupEntry[]): number[] {
  return groups.filter((entry) => entry.members.includes(user)).map((entry) => entry.gid);
}

/** @returns undefined when the text is no number @throws InvalidArgument when it is one that does not fit */
function parseId(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > ID_MAX) throw new InvalidArgument(OUT_OF_RANGE);
  return id;
}

/** Lines `name:password:uid:gid:comment:home:shell`; what does not fit is skipped, as libc does. */
function parsePasswd(text: string | undefined): PasswdEntry[] {
  return fieldsOf(text).flatMap(([name = "", , uid = "", gid = "", , home = ""]) =>
    isCount(uid) && isCount(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : [],
  );
}

/** Lines `name:password:gid:member,member`. */
function parseGroup(text: string | undefined): GroupEntry[] {
  return fieldsOf(text).flatMap(([name = "", , gid = "", members = ""]) =>
    isCount(gid)
      ? [{ name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") }]
      : [],
  );
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text);
}

function fieldsOf(text: string | undefined): string[][] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}
