import type { ErrorOptionsWithHint } from "#base/errors.ts";
import {
  Cancelled,
  Conflict,
  type EngineError,
  type ErrorKind,
  Internal,
  InvalidArgument,
  NotFound,
  NotImplemented,
  NotModified,
  PermissionDenied,
  Unauthenticated,
  Unavailable,
} from "#base/errors.ts";

/** The one place that knows which HTTP status stands for which kind of error. */
const STATUS = {
  notModified: 304,
  invalidArgument: 400,
  unauthenticated: 401,
  permissionDenied: 403,
  notFound: 404,
  conflict: 409,
  cancelled: 500,
  internal: 500,
  notImplemented: 501,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

const CLASS = {
  304: NotModified,
  400: InvalidArgument,
  401: Unauthenticated,
  403: PermissionDenied,
  404: NotFound,
  409: Conflict,
  499: Cancelled,
  500: Internal,
  501: NotImplemented,
  503: Unavailable,
} as const;

export function statusOf(kind: ErrorKind): number {
  return STATUS[kind];
}

/** The server's answer as an error of this side, so that callers on both sides branch on the same kinds. */
export function errorFromStatus(
  status: number,
  message: string,
  options: ErrorOptionsWithHint = {},
): EngineError {
  const known = CLASS[status as keyof typeof CLASS];
  if (known) return new known(message, options);
  return status >= 400 && status < 500
    ? new InvalidArgument(message, options)
    : new Internal(message, options);
}
