import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { isMountMode, type MountMode, parseMountMode } from "./mount-mode.ts";
import { complaintAboutTarget } from "./mount-spec.ts";

export interface Bind extends MountMode {
  /** An absolute host path, or the name of a volume. */
  readonly source: string;
  /** Absolute, without "." or "..". */
  readonly target: string;
  /** As written. */
  readonly mode: string;
}

/**
 * "SOURCE:TARGET[:MODE]" as in HostConfig.Binds; a target alone is no bind but an anonymous volume.
 * @throws InvalidArgument with Docker's text
 */
export function parseBind(text: string): Bind {
  const [source = "", target = "", mode = "", ...more] = text.split(":");
  const invalid = (reason = "") => new InvalidArgument(`invalid volume specification: '${text}'${reason}`);
  const isTargetAndMode = !text.split(":")[2] && target !== "" && isMountMode(target);
  if (more.length > 0 || source === "" || target === "" || isTargetAndMode) throw invalid();
  const type = source.startsWith("/") ? "bind" : "volume";
  const complaint = complaintAboutTarget(target);
  if (complaint !== undefined) throw invalid(`: invalid mount config for type "${type}": ${complaint}`);
  const words = parseMountMode(mode);
  const misplaced = misplacedOptions(type, words);
  if (misplaced)
    throw invalid(`: invalid mount config for type "${type}": field ${misplaced} must not be specified`);
  return { source, target: posix.resolve(target), mode, ...words };
}

/** Words of a mode that are for the other type, as the field of a mount they stand for. */
function misplacedOptions(type: "bind" | "volume", { noCopy, propagation }: MountMode): string | undefined {
  if (type === "bind") return noCopy ? "VolumeOptions" : undefined;
  return propagation === undefined ? undefined : "BindOptions";
}
