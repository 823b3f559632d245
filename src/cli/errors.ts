import { messageOf, rootCause } from "#base/errors.ts";
import { isEngineAnswer } from "#client/errors.ts";

/** A failure of the command line itself: the text is shown as it is. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    message: string,
    readonly exitCode: number = 1,
  ) {
    super(message);
  }
}

/** The text a user sees: what the engine answered is marked as such, in the words that scripts look for. */
export function shownMessage(thrown: unknown): string {
  const error = rootCause(thrown);
  if (isEngineAnswer(error)) return `Error response from daemon: ${error.message}`;
  const hint = (error as { hint?: unknown } | undefined)?.hint;
  const message = messageOf(error);
  if (typeof hint !== "string" || message.includes(hint)) return message;
  return message.includes("\n") ? `${message}\n${hint}` : `${message}. ${hint}`; // not below a marked column
}
