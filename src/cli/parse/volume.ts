/** `-v`: "[SOURCE:]TARGET[:OPTIONS]". */

export interface ParsedVolumes {
  /** What has a source: a directory of the host or a named volume. */
  readonly binds: string[];
  /** Targets that get a volume without a name. */
  readonly anonymous: Record<string, Record<string, never>>;
}

/**
 * @param cwd for sources that begin with "."
 * @throws Error in the words Docker's users know
 */
export function parseVolumes(specs: readonly string[], cwd: string): ParsedVolumes {
  const parsed: ParsedVolumes = { binds: [], anonymous: {} };
  for (const spec of new Set(specs)) {
    const parts = spec.split(":");
    if (spec === "") throw new Error("invalid empty volume spec");
    if (parts.length > 3) throw new Error(`invalid spec: ${spec}: too many colons`);
    if (parts.includes("")) throw new Error(`invalid spec: ${spec}: empty section between colons`);
    if (parts.length === 1) parsed.anonymous[spec] = {};
    else parsed.binds.push([absoluteSource(parts[0]!, cwd), ...parts.slice(1)].join(":"));
  }
  return parsed;
}

/** A source that begins with "." is a path; any other word is the name of a volume. */
export function absoluteSource(source: string, cwd: string): string {
  return source.startsWith(".") ? joinPath(cwd, source) : source;
}

/** An absolute path without "." and ".." in it. */
export function joinPath(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : directory}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
