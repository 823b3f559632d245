/** The short syntax of a service's volume: "[SOURCE:]TARGET[:OPTIONS]". Pure. */
import { posix } from "node:path";
import { newMap, type TreeMap } from "./tree.ts";

const PROPAGATIONS = new Set(["rprivate", "private", "rshared", "shared", "rslave", "slave"]);

/** @throws Error with the reason */
export function parseVolume(spec: string): TreeMap {
  if (spec === "") throw new Error("invalid empty volume spec");
  if (Buffer.byteLength(spec) <= 2)
    return newMap([
      ["type", "volume"],
      ["target", posix.normalize(spec)],
    ]);
  const parts = splitSpec(spec);
  const problem = parts.includes("")
    ? "empty section between colons"
    : parts.length > 3
      ? "too many colons"
      : "";
  if (problem) throw new Error(`invalid spec: ${spec}: ${problem}`);
  const [source, target, options] =
    parts.length === 1 ? [undefined, parts[0]!] : [parts[0]!, parts[1]!, parts[2]];
  return assemble(source, target, options?.split(",") ?? []);
}

/** The target alone, for a spec that may be wrong. */
export function mountTargetOf(spec: string): string | Error {
  try {
    const { target } = parseVolume(spec);
    return String(target);
  } catch (error) {
    return error as Error;
  }
}

function assemble(source: string | undefined, target: string, options: readonly string[]): TreeMap {
  const isBind = source !== undefined && isFilePath(source);
  const bind = newMap();
  for (const option of options) {
    if (PROPAGATIONS.has(option)) bind.propagation = option;
    else if (option === "z" || option === "Z") bind.selinux = option;
    else if (isIdMap(option)) bind["x-idmap"] = option.slice("idmap=".length) || "owner";
  }
  if (!isBind && options.some(isIdMap)) throw new Error("idmap is for directories of the host");
  const volume = newMap([["type", isBind ? "bind" : "volume"]]);
  if (source !== undefined) volume.source = source;
  volume.target = cleanTarget(target);
  if (options.findLast((option) => option === "ro" || option === "rw") === "ro") volume.read_only = true;
  if (isBind) bind.create_host_path = true;
  if (isBind || Object.keys(bind).length > 0) volume.bind = bind;
  const isNocopy = options.includes("nocopy");
  if (!isBind || isNocopy) volume.volume = newMap(isNocopy ? [["nocopy", true]] : []);
  return volume;
}

/** Ours: other tools pass over it, as over any option they do not know. */
function isIdMap(option: string): boolean {
  return option === "idmap" || option.startsWith("idmap=");
}

export function cleanTarget(target: string): string {
  if (target === "") return "";
  const clean = posix.normalize(target);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/** Colons inside `${…}` and after a drive letter do not separate. */
function splitSpec(spec: string): string[] {
  const parts = [""];
  let open = 0;
  for (let at = 0; at < spec.length; at++) {
    const char = spec[at]!;
    const current = parts.at(-1)!;
    if (char === "$" && spec[at + 1] === "{") open++;
    else if (char === "}" && open > 0) open--;
    else if (char === ":" && open === 0 && !/^\p{L}$/u.test(current)) {
      parts.push("");
      continue;
    }
    parts[parts.length - 1] = current + char;
  }
  return parts;
}

function isFilePath(source: string): boolean {
  return /^[./~]/.test(source) || source.startsWith("\\\\") || /^\p{L}:/u.test(source);
}
