import { EngineError, messageOf, rootCause } from "#base/errors.ts";
import { FIRST_JSON_ERROR_VERSION, isBefore } from "#spec/docker/versions.ts";
import { statusOf } from "#spec/error-status.ts";
import { empty, json, plainText, type WholeReply } from "./handler.ts";
import { ProtocolError } from "./http/head.ts";

/** The one place where a failure becomes a status and a body. */
export function errorReply(error: unknown, requestedVersion?: string): WholeReply {
  const status = errorStatus(error);
  if (status === 304) return empty(304);
  const message = errorMessage(error);
  return requestedVersion !== undefined && isBefore(requestedVersion, FIRST_JSON_ERROR_VERSION)
    ? plainText(`${message}\n`, {}, status)
    : json({ message }, status);
}

export function errorStatus(error: unknown): number {
  const cause = rootCause(error);
  if (cause instanceof EngineError) return statusOf(cause.kind);
  return cause instanceof ProtocolError ? cause.status : 500;
}

/** The message, and what can be done about it where that is known. */
export function errorMessage(error: unknown): string {
  const cause = rootCause(error);
  const hint = cause instanceof EngineError ? cause.hint : undefined;
  return hint ? `${messageOf(cause)} (${hint})` : messageOf(cause);
}
