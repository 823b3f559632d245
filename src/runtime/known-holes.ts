/**
 * What is known to be wrong with a runtime of this version, by its own words.
 *
 * runc makes the places of mounts by following links until 1.1.14 and 1.2.0-rc.3 (CVE-2024-45310): who may write to the
 * directory above can have empty files and directories made on the host. Distributions repair older versions without
 * another number, so this is a reason to warn and none to refuse.
 */
const RUNC = /^runc version v?(\d+\.\d+\.\d+)(?:-rc\.(\d+))?/;

/** @param version first line of `--version` @returns the version that may be led astray, "runc 1.1.5"; undefined where none is */
export function mountPlaceHole(version: string): string | undefined {
  const [, number, candidate] = RUNC.exec(version) ?? [];
  if (number === undefined) return undefined;
  const isCandidate = number === "1.2.0" && candidate !== undefined && Number(candidate) < 3;
  if (!isCandidate && !Bun.semver.satisfies(number, "<1.1.14")) return undefined;
  return `runc ${number}${candidate === undefined ? "" : `-rc.${candidate}`}`;
}

export const MOUNT_PLACE_REMEDY = "use runc 1.1.14 or newer, or crun";
