import { EngineError, type ErrorKind } from "#base/errors.ts";

/** What a shell would answer: 127 not found, 126 found but not executable, 128 anything else. */
export type StartExitCode = 126 | 127 | 128;

/**
 * The runtime could not start the process. The message is what dockerd would say: clients look in it for "executable
 * file not found", "no such file or directory" and "permission denied".
 */
export class StartFailed extends EngineError {
  override readonly name = "StartFailed";
  /** The user's doing for a program that cannot be run, else the engine's. */
  readonly kind: ErrorKind;
  /** For the container's or exec session's record. */
  readonly exitCode: StartExitCode;

  constructor(message: string, exitCode: StartExitCode, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.kind = exitCode === 128 ? "internal" : "invalidArgument";
  }
}
