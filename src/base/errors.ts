/** What went wrong, as the caller may act on it. `spec/error-status.ts` maps each kind to an HTTP status. */
export type ErrorKind =
  | "invalidArgument"
  | "unauthenticated"
  | "permissionDenied"
  | "notFound"
  | "conflict"
  | "notModified"
  | "notImplemented"
  | "unavailable"
  | "cancelled"
  | "internal";

export interface ErrorOptionsWithHint {
  readonly cause?: unknown;
  /** What the user can do about it; shown after the message. */
  readonly hint?: string;
}

/** A failure meant for the user: the message names the object, the operation and the reason. */
export abstract class EngineError extends Error {
  abstract readonly kind: ErrorKind;
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptionsWithHint = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

export class InvalidArgument extends EngineError {
  override readonly name = "InvalidArgument"; // a literal: bundlers rename classes
  readonly kind = "invalidArgument";
}

export class Unauthenticated extends EngineError {
  override readonly name = "Unauthenticated";
  readonly kind = "unauthenticated";
}

export class PermissionDenied extends EngineError {
  override readonly name = "PermissionDenied";
  readonly kind = "permissionDenied";
}

export class NotFound extends EngineError {
  override readonly name = "NotFound";
  readonly kind = "notFound";
}

export class Conflict extends EngineError {
  override readonly name = "Conflict";
  readonly kind = "conflict";
}

/** The state asked for is already there: HTTP 304, no body. */
export class NotModified extends EngineError {
  override readonly name = "NotModified";
  readonly kind = "notModified";
}

export class NotImplemented extends EngineError {
  override readonly name = "NotImplemented";
  readonly kind = "notImplemented";
}

export class Unavailable extends EngineError {
  override readonly name = "Unavailable";
  readonly kind = "unavailable";
}

export class Cancelled extends EngineError {
  override readonly name = "Cancelled";
  readonly kind = "cancelled";
}

export class Internal extends EngineError {
  override readonly name = "Internal";
  readonly kind = "internal";
}

/** The failure the user should read: when an undo step also failed, the runtime wraps both. */
export function rootCause(error: unknown): unknown {
  while (error instanceof SuppressedError) error = error.suppressed; // `.error` is the failed undo
  return error;
}

/** One line for a log or a user, from anything that can be thrown. */
export function messageOf(error: unknown): string {
  const cause = rootCause(error);
  return cause instanceof Error ? cause.message : String(cause);
}
