import { shownMessage } from "../errors.ts";
import type { Session } from "../session.ts";

/** The engine or the command line refused; the container's own program never ran. */
export const RUN_FAILED = 125;
const CANNOT_INVOKE = 126;
const NOT_FOUND = 127;

/** Tells why a container could not be run, in the form scripts know. */
export async function showRunFailure(session: Session, error: unknown): Promise<void> {
  await session.warn(
    `wharf: ${shownMessage(error)}\n\nRun '${session.commandPath} --help' for more information\n`,
  );
}

/** As a shell would exit: 127 for a program that is not there, 126 for one that cannot be run, else 125. */
export function runExitCode(message: string): number {
  if (
    /executable file not found|no such file or directory|system cannot find the file specified/.test(message)
  )
    return NOT_FOUND;
  return /permission denied|is a directory/.test(message) ? CANNOT_INVOKE : RUN_FAILED;
}
