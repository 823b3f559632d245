import { EngineError, Unavailable } from "#base/errors.ts";

/** The cause of every error that the engine answered with, so that callers can tell those from failures on this side. */
export class EngineAnswer extends Error {
  override readonly name = "EngineAnswer";

  constructor(
    readonly request: string,
    readonly status: number,
  ) {
    super(`${request} was answered with status ${status}`);
  }
}

export function isEngineAnswer(error: unknown): error is EngineError & { readonly cause: EngineAnswer } {
  return error instanceof EngineError && error.cause instanceof EngineAnswer;
}

/** No connection to an engine: nothing was asked yet, so another endpoint or another time may do. */
export class EngineUnreachable extends Unavailable {
  constructor(
    /** As the user wrote it: "unix:///run/wharf/wharf.sock". */
    readonly endpoint: string,
    /** The system's name of the reason: ENOENT, ECONNREFUSED, EACCES, … */
    readonly code: string,
    cause: Error,
  ) {
    super(`Cannot connect to the wharf engine at ${endpoint}: ${REASONS[code]?.reason ?? cause.message}`, {
      cause,
      hint: REASONS[code]?.remedy ?? REMEDY,
    });
  }
}

const REASONS: Readonly<Record<string, { reason: string; remedy: string }>> = {
  ENOENT: { reason: "there is no such socket", remedy: "Start the engine with 'sudo wharf daemon'." },
  ECONNREFUSED: { reason: "nobody listens there", remedy: "Start the engine with 'sudo wharf daemon'." },
  EACCES: {
    reason: "permission denied",
    remedy: "Run the command with sudo, or add your user to the group that owns the socket.",
  },
  ENOTFOUND: {
    reason: "the host name is not known",
    remedy: "Check the address given with -H or in the environment.",
  },
  ETIMEDOUT: {
    reason: "the host does not answer",
    remedy: "Check the address and the firewalls on the way.",
  },
};

const REMEDY = "Check the address, and whether the engine is running.";
