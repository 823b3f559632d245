/** Which ids of the host containers may have: --userns-remap with /etc/subuid and /etc/subgid. */
import { InvalidArgument } from "#base/errors.ts";
import type { IdMapping } from "#kernel/types.ts";

/** Texts of the host's account files; "" for those that are not there. */
export interface IdFiles {
  readonly passwd: string;
  readonly group: string;
  readonly subuid: string;
  readonly subgid: string;
}

export interface IdMappings {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** Docker's own name for the user whose ids "default" means. */
export const DEFAULT_REMAP_USER = "dockremap";

/**
 * @param remap "default", "user", "uid", "user:group" or "uid:gid"
 * @throws InvalidArgument with Docker's text when the user is unknown or has no ids
 */
export function mappingsFor(remap: string, files: IdFiles): IdMappings {
  const [userPart = "", groupPart = userPart] = remap === "default" ? [DEFAULT_REMAP_USER] : remap.split(":");
  const user = accountOf(userPart, files.passwd);
  const group = groupPart === userPart ? user : accountOf(groupPart, files.group);
  return {
    uids: mappingsOf("subuid", rangesOf(user, files.subuid), user),
    // Ids of groups are given to users; a file that names the group itself is meant as well.
    gids: mappingsOf(
      "subgid",
      firstFilled(rangesOf(group, files.subgid), rangesOf(user, files.subgid)),
      group,
    ),
  };
}

interface Account {
  readonly name: string;
  readonly id: string;
}

/** By name or number; ids may be given to a user that no file of this host knows, such as "dockremap". */
function accountOf(text: string, accounts: string): Account {
  const found = accounts
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name, , id]) => name === text || id === text);
  if (found) return { name: found[0]!, id: found[2]! };
  if (text === "") throw new InvalidArgument("invalid userns-remap: the user is missing");
  return { name: text, id: text };
}

interface Range {
  readonly start: number;
  readonly size: number;
}

/** Lines "name:start:count". */
function rangesOf({ name, id }: Account, text: string): Range[] {
  return text.split("\n").flatMap((line) => {
    const [owner, start = "", size = ""] = line.trim().split(":");
    const isOurs = owner !== "" && (owner === name || owner === id);
    if (!isOurs || !/^\d+$/.test(start) || !/^\d+$/.test(size)) return [];
    return [{ start: Number(start), size: Number(size) }];
  });
}

function firstFilled<T>(first: readonly T[], second: readonly T[]): readonly T[] {
  return first.length > 0 ? first : second;
}

/** The kernel takes at most this many lines. */
const MAX_RANGES = 340;

/** Ranges one after the other, from the container's 0 on. */
function mappingsOf(kind: "subuid" | "subgid", ranges: readonly Range[], { name }: Account): IdMapping[] {
  if (ranges.length === 0)
    throw new InvalidArgument(`Can't create ID mappings: No ${kind} ranges found for user "${name}"`, {
      hint: `add a line such as ${name}:100000:65536 to /etc/${kind}`,
    });
  if (ranges.length > MAX_RANGES)
    throw new InvalidArgument(`/etc/${kind} has more than ${MAX_RANGES} ranges for ${name}`);
  let containerId = 0;
  return ranges.map(({ start, size }) => {
    const mapping = { containerId, hostId: start, size };
    containerId += size;
    return mapping;
  });
}

const RANGE_SIZE = 65_536;
const FIRST_ID = 100_000;

/** A line for `user` behind every range there is; undefined when it has one. Pure. */
export function missingRange(user: string, text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.split(":"));
  if (lines.some(([name]) => name === user)) return undefined;
  const ends = lines.map(([, start, size]) => Number(start) + Number(size)).filter(Number.isFinite);
  return `${user}:${Math.max(FIRST_ID, ...ends)}:${RANGE_SIZE}\n`;
}
