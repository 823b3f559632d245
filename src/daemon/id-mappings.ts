import { appendFileSync } from "node:fs";
import { readIfExists } from "#base/fs.ts";
import { DEFAULT_REMAP_USER, type IdFiles, type IdMappings, mappingsFor, missingRange } from "./sub-ids.ts";

/**
 * Reads the host's ids for --userns-remap. "default" gives Docker's own user a range if it has none, as dockerd does.
 * @throws InvalidArgument with Docker's text when the user has none
 */
export function findIdMappings(remap: string | undefined): IdMappings | undefined {
  if (remap === undefined) return undefined;
  if (remap === "default") {
    for (const path of ["/etc/subuid", "/etc/subgid"]) {
      const line = missingRange(DEFAULT_REMAP_USER, readIfExists(path) ?? "");
      if (line !== undefined) appendFileSync(path, line, { mode: 0o644 });
    }
  }
  return mappingsFor(remap, idFiles());
}

function idFiles(): IdFiles {
  const text = (path: string) => readIfExists(path) ?? "";
  return {
    passwd: text("/etc/passwd"),
    group: text("/etc/group"),
    subuid: text("/etc/subuid"),
    subgid: text("/etc/subgid"),
  };
}
