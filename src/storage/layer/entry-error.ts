import { writeFileSync } from "node:fs";
import { type EngineError, Internal, InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";

/** The host's trouble is the host's; everything else the kernel refuses is the archive's fault. */
export function entryError(name: string, error: unknown): EngineError {
  const message = `layer entry ${JSON.stringify(name.slice(0, 200))}: ${messageOf(error)}`;
  const host = HOST_TROUBLE.find(({ code }) => isErrno(error, code));
  return host
    ? new Internal(message, { cause: error, ...(host.hint ? { hint: host.hint } : {}) })
    : new InvalidArgument(message, { cause: error });
}

/** Writes what stands beside a layer. @throws Internal naming file and remedy */
export function writeBeside(path: string, text: string, mode = 0o600): void {
  try {
    writeFileSync(path, text, { mode });
  } catch (error) {
    const host = HOST_TROUBLE.find(({ code }) => isErrno(error, code));
    const message = `cannot store ${path}: ${messageOf(error)}`;
    throw new Internal(message, { cause: error, ...(host?.hint ? { hint: host.hint } : {}) });
  }
}

const HOST_TROUBLE: readonly { readonly code: string; readonly hint?: string }[] = [
  { code: "ENOSPC", hint: "free disk space below the data root, or move it to a larger disk" },
  { code: "EDQUOT", hint: "raise the disk quota of the data root" },
  { code: "EROFS", hint: "the data root must be writable" },
  { code: "EIO" },
  { code: "EMFILE" },
  { code: "ENFILE" },
  { code: "ENOMEM" },
  { code: "EPERM", hint: "unpacking layers needs root" },
  { code: "EACCES", hint: "unpacking layers needs root" },
];

/** An archive that could be read in two ways is read in none. */
export function ownWayError(): InvalidArgument {
  return new InvalidArgument("it takes the place of a link or directory that its own name leads through");
}
